"""The whole road in a browser: file, take, decide, submit, sign off, publish, copy the line, withdraw."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.demo_media import make_photo, make_video
from tests.browser.conftest import NARROW, Come, Desk, Visitor

pytestmark = pytest.mark.services

LINE = "Reuters has verified the locations in the videos, but could not independently verify the date."


def films(desk: Desk, folder: Path, name: str) -> list[str]:
    """Addresses of two small films on a host of this machine."""
    return [
        desk.stack.media_host.serve(
            f"/{name}-{number}.mp4",
            make_video(
                folder / f"{name}-{number}.mp4",
                lines=[f"{name} {number}"],
                seconds=1,
                size=(160, 90),
                seed=hash((name, number)) % 1000,
            ).read_bytes(),
        )
        for number in (1, 2)
    ]


def file_it(visitor: Visitor, statement: str, links: list[str]) -> str:
    """Files a claim by pasting; gives its ref."""
    page = visitor.go("/claims/new/")
    page.fill("#paste", "\n".join([statement, *links]))
    page.get_by_role("button", name="Go on").click()
    page.wait_for_selector("#id_statement")
    assert page.input_value("#id_statement") == statement
    page.fill("[name=source_name]", "A regional administration")
    page.fill("[name=date]", "2022-10-04")
    page.fill("[name=zone]", "Europe/Kyiv")
    for number, place in enumerate(("Borivska Andriivka", "Kherson region")):
        row = page.locator("[data-media-row]").nth(number)
        row.locator("summary").click()
        row.locator("[name$=-place]").fill(place)
    page.get_by_role("button", name="File the claim").last.click()
    visitor.until(lambda: page.locator("h1.statement").count() > 0, "the claim page")
    return page.url.rstrip("/").rpartition("/")[2]


def decide(visitor: Visitor, dimension: str, status: str, **typed: str) -> None:
    page = visitor.page
    section = page.locator(f"#dimension-{dimension}")
    if section.get_attribute("open") is None:
        section.locator("> summary").click()
    section.locator(f"input[name=status][value={status}]").check()
    for name, text in typed.items():
        section.locator(f"[name={name}]").fill(text)
    section.get_by_role("button", name="Record").click()
    page.wait_for_selector(f'#dimension-{dimension}[data-status="{status}"]', state="attached")


def review(visitor: Visitor, ref: str) -> None:
    page = visitor.go(f"/claims/{ref}/")
    page.get_by_role("button", name="Take this claim").click()
    page.wait_for_selector("form.verdict-form", state="attached")
    decide(
        visitor, "location", "verified", feature_0="church beside a T-junction", reason="The layout matches."
    )
    decide(visitor, "date", "unverified", reason="Nothing ties it to a day.")
    assert page.locator("#line").inner_text() == LINE
    page.get_by_role("button", name="Submit", exact=True).click()
    page.wait_for_selector("text=Awaiting sign-off")


def sign_off(visitor: Visitor, ref: str, act: str, **typed: str) -> None:
    page = visitor.go(f"/claims/{ref}/sign-off/")
    box = page.locator(f"#act-{act}")
    if box.get_attribute("open") is None:
        box.locator("> summary").click()
    for name, text in typed.items():
        box.locator(f"[name={name}]").fill(text)
    box.locator(".actions button").first.click()


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_from_a_pasted_link_to_the_copied_sentence_and_back(
    size: str, desk: Desk, come: Come, tmp_path: Path
) -> None:
    options = {"viewport": NARROW, "has_touch": True} if size == "narrow" else {}
    permissions = ["clipboard-read", "clipboard-write"]
    marko, edith = come("marko", **options), come("edith", permissions=permissions, **options)
    ref = file_it(
        marko, f"Flags were raised on Tuesday, seen on a {size} screen.", films(desk, tmp_path, size)
    )
    # The media arrive by themselves; nobody reloads.
    marko.page.wait_for_selector("video", state="attached", timeout=40_000)
    marko.page.wait_for_selector(".finding", state="attached", timeout=40_000)
    review(marko, ref)

    sign_off(edith, ref, "publish")
    edith.page.wait_for_selector("text=As published, version 1")
    assert edith.page.locator("#line").inner_text() == LINE
    edith.page.get_by_role("button", name="Copy the line").click()
    edith.page.wait_for_selector("text=Copied.")
    assert edith.page.evaluate("navigator.clipboard.readText()") == LINE
    pasted = (
        "navigator.clipboard.read().then((all) => all[0].getType('text/html')).then((html) => html.text())"
    )
    html = edith.page.evaluate(pasted)
    assert LINE in html
    assert f"/published/{desk.claim(ref)['id']}/?version=1" in html

    claim = desk.claim(ref)
    public = edith.go(f"/published/{claim['id']}/")
    assert LINE in public.inner_text("body")
    sign_off(edith, ref, "withdraw", reason="The second place was another village.")
    edith.until(lambda: desk.claim(ref)["stage"] == "withdrawn", "the withdrawal")
    answer = edith.page.request.get(f"{desk.url}/published/{claim['id']}/")
    assert answer.status == 410
    assert "The second place was another village." in answer.text()
    assert LINE not in answer.text()
    for visitor in (marko, edith):
        wide = visitor.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, visitor.page.url


def test_without_javascript(desk: Desk, come: Come, tmp_path: Path) -> None:
    marko, edith = come("marko", java_script_enabled=False), come("edith", java_script_enabled=False)
    ref = file_it(marko, "Flags were raised, read without scripts.", films(desk, tmp_path, "plain"))
    desk.stack.all_done(40)
    page = marko.go(f"/claims/{ref}/")
    assert page.locator("video").count() == 2
    assert page.locator(".finding").count() > 0
    review(marko, ref)
    sign_off(edith, ref, "publish")
    edith.page.wait_for_selector("text=As published, version 1")
    assert edith.page.locator("#line").inner_text() == LINE
    assert desk.claim(ref)["latest_version"] == 1


def test_a_file_is_dropped_and_a_picture_pasted_with_progress(desk: Desk, come: Come, tmp_path: Path) -> None:
    claim = desk.file(statement="Media come by hand.", priority="low")
    photo = make_photo(tmp_path / "dropped.jpg", lines=["dropped"], size=(320, 240), seed=7)
    olena = come("olena")
    page = olena.go(f"/claims/{claim['ref']}/")
    script = """([name, bytes, kind]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/jpeg" }));
        const event = kind === "drop" ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
            : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
        document.body.dispatchEvent(event);
    }"""
    for number, kind in enumerate(("drop", "paste"), start=1):
        content = photo.read_bytes() + bytes(number)
        page.evaluate(script, [f"{kind}.jpg", list(content), kind])
        page.wait_for_selector(f"#item-{number} img", state="attached")
        page.wait_for_load_state()
    bad = tmp_path / "words.txt"
    bad.write_text("only words")
    page.click("#add-media > summary")
    page.set_input_files("#media-file", bad)
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_selector("text=words.txt: It is not a video, photo, recording or PDF")
    assert len(desk.claim(claim["ref"])["media"]) == 2


def test_a_capture_that_failed_says_why_and_works_when_tried_again(
    desk: Desk, come: Come, tmp_path: Path
) -> None:
    url = f"http://{desk.stack.media_host.authority}/late.jpg"
    claim = desk.file(statement="The host is late.", media=[{"url": url}], priority="low")
    olena = come("olena")
    page = olena.go(f"/claims/{claim['ref']}/")
    page.wait_for_selector("text=It could not be captured.", timeout=40_000)
    assert "404" in page.inner_text(".is-failed")
    photo = make_photo(tmp_path / "late.jpg", lines=["late"], size=(160, 120), seed=3)
    desk.stack.media_host.serve("/late.jpg", photo.read_bytes())
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector("#item-1 img", state="attached", timeout=40_000)
