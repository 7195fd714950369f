"""The analysts' page: template, charts and rendering."""
