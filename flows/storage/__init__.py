"""The only place that reads or writes Parquet, models and reports."""
