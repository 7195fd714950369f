"""Takes the picture of the report: the newest run of the sample job, its first incident opened.

`make picture` runs it after `make demo`. It needs Chromium.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from flows.storage.runs.reader import REPORT, find_run

JOB = "outfield-output/sample"
PICTURE = Path("data/report.png")
_SIZE = {"width": 1180, "height": 2330}


def take_picture(report: Path, picture: Path) -> None:
    """Open a report in Chromium, open its first incident, and write what is seen as a PNG."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("make picture: no chromium on the PATH; install it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=_SIZE)
        page.goto(report.absolute().as_uri())
        page.locator("#incident-1").evaluate("incident => { incident.open = true }")
        page.wait_for_timeout(500)  # the bars grow to their length
        page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    take_picture(Path(str(find_run(JOB).folder)) / REPORT, PICTURE)
