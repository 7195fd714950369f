"""The shell: Prefect, files and the terminal around the mathematics."""
