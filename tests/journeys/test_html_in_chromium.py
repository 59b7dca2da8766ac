"""An HTML report as a browser shows it. Skipped where there is no Chromium."""

import http.server
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from neuron_tui.store import open_run
from neuron_tui.tui.reports.report import write_report
from tests.synthetic import PLANTED, build_run

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")

NEURONS = [(0, i) for i in range(len(PLANTED))]
ALIVE = sum(kind != "dead" for kind in PLANTED)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    run = open_run(build_run(folder / "demo", layers=1, neurons=12))
    write_report(run, NEURONS, "html", folder / "report.html", chosen_by="layer:0")
    return folder / "report.html"


@pytest.fixture
def visits() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine: its address, and the paths that were asked of it."""
    asked: list[str] = []

    class Noting(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - as the base class says
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Noting) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def chromium(profile: Path, *arguments: str) -> str:
    """What a headless Chromium prints; every host but this machine's is unknown to it."""
    assert CHROMIUM is not None
    common = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    common += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", f"--user-data-dir={profile}"]
    done = subprocess.run(
        [CHROMIUM, *common, *arguments], capture_output=True, text=True, encoding="utf-8", check=True, timeout=120
    )
    return done.stdout


def test_it_is_shown_whole(report: Path, tmp_path: Path) -> None:
    page = chromium(tmp_path, "--dump-dom", report.as_uri())
    assert page.count("</svg>") == 4 * ALIVE
    assert re.findall(r'<section class="neuron" id="n0-(\d+)"', page) == [str(i) for _, i in NEURONS]
    assert "\\x1b[31mred\\x1b[0m" in unescape(page)


def test_nothing_can_be_fetched_or_run_even_if_it_were_in_the_page(
    report: Path, tmp_path: Path, visits: tuple[str, list[str]]
) -> None:
    # As if something hostile had come through after all: the page's own policy holds it.
    address, asked = visits
    hostile = (
        f'<img src="{address}/image"><script src="{address}/script"></script><script>document.title="run"</script>'
        f'<link rel="stylesheet" href="{address}/style"><iframe src="{address}/frame"></iframe>'
    )
    text = report.read_text(encoding="utf-8")
    (tmp_path / "held.html").write_text(text.replace("</main>", f"{hostile}</main>"), encoding="utf-8")
    page = chromium(tmp_path / "a", "--dump-dom", (tmp_path / "held.html").as_uri())
    assert "<title>run</title>" not in page
    assert asked == []
    policy = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>\n')
    (tmp_path / "free.html").write_text(policy.sub("", text).replace("</main>", f"{hostile}</main>"), encoding="utf-8")
    page = chromium(tmp_path / "b", "--dump-dom", (tmp_path / "free.html").as_uri())
    assert "<title>run</title>" in page  # else the above would hold of any page
    assert {"/image", "/script", "/style", "/frame"} <= set(asked)


def test_it_fits_a_phone(report: Path, tmp_path: Path) -> None:
    # Chromium has no window as narrow as a phone, but a frame can be; it tells how far the page reaches.
    inner = report.read_text(encoding="utf-8").replace("default-src 'none';", "default-src 'unsafe-inline';")
    measure = "<script>document.body.dataset.reach = document.documentElement.scrollWidth</script></body>"
    page = inner.replace("</body>", measure)
    (tmp_path / "inner.html").write_text(page, encoding="utf-8")
    (tmp_path / "outer.html").write_text(
        '<iframe id="f" src="inner.html" width="360" height="640" style="border:0"></iframe>'
        "<script>f.onload = () => { document.body.dataset.reach = f.contentDocument.body.dataset.reach }</script>"
    )
    outer = chromium(tmp_path / "a", "--allow-file-access-from-files", "--dump-dom", (tmp_path / "outer.html").as_uri())
    found = re.search(r'<body data-reach="(\d+)"', outer)
    assert found is not None
    assert int(found[1]) <= 360


def test_it_can_be_printed(report: Path, tmp_path: Path) -> None:
    chromium(tmp_path / "a", f"--print-to-pdf={tmp_path / 'report.pdf'}", "--no-pdf-header-footer", report.as_uri())
    pdf = (tmp_path / "report.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")
    pages = max(int(count) for count in re.findall(rb"/Count (\d+)", pdf))
    assert ALIVE <= pages <= 4 * len(NEURONS)
