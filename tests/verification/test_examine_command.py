import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.media import make, stub_exiftool
from verification.checks.registry import all_checks

ROOT = Path(__file__).parents[2]


def manage(*arguments, tmp_path):
    """Runs manage.py with a database that is not there."""
    environment = {
        **os.environ,
        "DATABASE_URL": "postgres://nobody:nothing@127.0.0.1:1/nowhere",
        "STET_DATA": str(tmp_path / "data"),
        "PYTHONWARNINGS": "default",
    }
    return subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def film(tmp_path):
    tags = {"creation_time": "2022-10-04T11:07:00Z", "location": "+50.4501+030.5234/"}
    return make.tagged_video(tmp_path / "film.mp4", tags)


def test_a_film_is_examined_without_a_database(tmp_path, film):
    done = manage(
        "examine",
        film,
        "--json",
        "--claimed-date",
        "2022-10-04",
        "--claimed-location",
        "50.45,30.52,5000",
        tmp_path=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    shown = json.loads(line)
    assert shown["file"] == str(film)
    assert len(shown["sha256"]) == 64
    assert shown["media_type"] == "video/mp4"
    assert shown["capture_dates"] == [
        {
            "value": "2022-10-04T11:07:00Z",
            "at": "2022-10-04T11:07:00+00:00",
            "offset": "+00:00",
            "field": "creation_time",
            "reader": "pyav",
        }
    ]
    assert shown["gps"] == {"latitude": 50.4501, "longitude": 30.5234}
    assert shown["device"] == {"make": None, "model": None, "software": None}
    found = {(one["check"], one["stance"]) for one in shown["findings"]}
    assert found >= {
        ("container_dates", "supports"),
        ("gps_location", "supports"),
        ("sun_position", "neutral"),
    }
    assert not [check for check, stance in found if stance == "contradicts"]
    assert set(shown["findings"][0]) >= {
        "check",
        "version",
        "dimension",
        "stance",
        "sentence",
        "data",
        "bounds",
    }
    states = {one["check"]: one["state"] for one in shown["check_runs"]}
    assert set(states) == {check.slug for check in all_checks()}
    assert "failed" not in states.values()
    assert (states["container_dates"], states["gps_location"]) == ("done", "done")
    assert (states["exact_duplicate"], states["held_since"]) == ("not_applicable", "not_applicable")


def test_the_claimed_day_is_read_in_the_zone_of_the_claimed_place(tmp_path, film):
    done = manage(
        "examine",
        film,
        "--json",
        "--claimed-date",
        "2022-10-04",
        "--claimed-location",
        "50.45,30.52,5000",
        tmp_path=tmp_path,
    )
    sentence = next(
        one["sentence"] for one in json.loads(done.stdout)["findings"] if one["check"] == "container_dates"
    )
    assert "within the claimed day in Kyiv" in sentence


def test_a_folder_is_examined_whole_and_one_bad_file_spoils_no_other(tmp_path):
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    make.photo(folder / "a.jpg")
    make.photo(folder / "deep" / "b.png", form="PNG")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 broken")
    done = manage("examine", folder, "--json", tmp_path=tmp_path)
    assert done.returncode == 1
    shown = {Path(one["file"]).name: one for one in map(json.loads, done.stdout.splitlines())}
    assert [shown[name]["error"] is None for name in ("a.jpg", "b.png", "broken.jpg")] == [True, True, False]
    assert shown["broken.jpg"]["error"].startswith("undecodable")
    assert shown["a.jpg"]["gps"] is None


def test_only_the_checks_asked_for_are_run(tmp_path, film):
    done = manage("examine", film, "--json", "--check", "gps_location", tmp_path=tmp_path)
    assert [one["check"] for one in json.loads(done.stdout)["check_runs"]] == ["gps_location"]


def test_the_name_of_a_file_is_examined_as_well(tmp_path):
    photo = make.photo(tmp_path / "IMG-20221004-WA0007.png")
    done = manage("examine", photo, "--json", tmp_path=tmp_path)
    found = {one["check"]: one["data"] for one in json.loads(done.stdout)["findings"]}
    assert found["platform_trace"]["platform"] == "WhatsApp"
    assert found["file_shape"]["expected"] == ["jpg", "jpeg", "jpe", "jfif", "mpo"]


def test_for_people_it_prints_sentences(tmp_path, film):
    done = manage("examine", film, "--claimed-date", "2022-10-04", tmp_path=tmp_path)
    assert done.returncode == 0
    assert "[date: supports] The file's creation time says 11:07 on 4 October 2022" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere.mp4"],
        ["{film}", "--claimed-date", "4 October"],
        ["{film}", "--claimed-location", "Kyiv"],
        ["{film}", "--claimed-location", "95,30,100"],
        ["{film}", "--check", "no_such_check"],
        [],
    ],
)
def test_wrong_usage_is_status_2(film, arguments):
    with pytest.raises(CommandError) as caught:
        call_command("examine", *(one.format(film=film) for one in arguments))
    # argparse's own refusal leaves 1 here, and 2 on a real command line.
    assert arguments == [] or caught.value.returncode == 2


def test_wrong_usage_prints_words_and_no_traceback(tmp_path, film):
    for arguments in ([], [film, "--check", "no_such_check"]):
        done = manage("examine", *arguments, tmp_path=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Traceback" not in done.stderr


def test_the_checks_are_listed(tmp_path):
    done = manage("checks", "--json", tmp_path=tmp_path)
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout)
    slugs = [one["slug"] for one in listed]
    assert slugs == sorted(slugs)
    assert {"container_dates", "exact_duplicate", "gps_location", "sun_position"} <= set(slugs)
    told = {
        "slug",
        "title",
        "version",
        "dimensions",
        "media_types",
        "help",
        "reads",
        "stances",
        "cannot_know",
    }
    assert all(set(one) == told for one in listed)
    assert "gps_location 1: GPS position" in manage("checks", tmp_path=tmp_path).stdout


def test_a_place_south_of_the_equator_is_no_option(tmp_path, film):
    done = manage("examine", film, "--json", "--claimed-location", "-34.9,-56.16,5000", tmp_path=tmp_path)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["gps"] == {"latitude": 50.4501, "longitude": 30.5234}


def test_the_files_of_a_folder_are_told_in_the_order_of_their_names(tmp_path, capsys):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(24):
        # Large pictures take longest, and stand first.
        side = 1200 if number < 3 else 80
        make.photo(folder / f"{number:02}.jpg", size=(side, side))
    (folder / "05.txt").write_text("no media")
    with pytest.raises(SystemExit):  # of the one that is no media
        call_command("examine", folder, "--json", "--check", "file_shape")
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["file"] for one in told] == [str(path) for path in sorted(folder.iterdir())]
    assert [one["file"] for one in told if one["error"]] == [str(folder / "05.txt")]


def test_exiftool_is_asked_where_it_is_asked_for(tmp_path, settings, capsys):
    photo = make.exif_jpeg(tmp_path / "photo.jpg", make="Demo")
    settings.EXIFTOOL = stub_exiftool.make(tmp_path / "exiftool", "sys.exit(1)")

    def failures(*options):
        call_command("examine", str(photo), "--json", *options)
        return [one["reader"] for one in json.loads(capsys.readouterr().out)["reader_errors"]]

    assert failures() == []
    assert failures("--exiftool") == ["exiftool"]
    settings.EXIFTOOL = None
    with pytest.raises(CommandError, match="STET_EXIFTOOL"):
        call_command("examine", str(photo), "--exiftool")
