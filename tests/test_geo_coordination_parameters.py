"""A district's own figures are read from its file, and what does not fit is refused by name."""

from datetime import date
from pathlib import Path

import pytest

from geo.coordination.parameters import Parameters, Season, read_parameters
from geo.errors import BadDistrict, BadInput

DATA = Path(__file__).parent.parent / "data"


def written(folder: Path, text: str) -> Path:
    path = folder / "district.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_district_s_file_has_figures_that_fit() -> None:
    assert read_parameters(DATA / "district.toml").frost_depth_m == 1.03


def test_without_a_table_the_defaults_stand(tmp_path: Path) -> None:
    assert read_parameters(written(tmp_path, 'code = "1"\n')) == Parameters()


def test_figures_seasons_days_zones_and_owners(tmp_path: Path) -> None:
    found = read_parameters(
        written(
            tmp_path,
            """
            [coordination]
            frost_depth_m = 1.2
            existing_too = true
            heating_season = ["11-01", "03-31"]
            excluded_days = [[2026-10-01, 2026-10-07]]
            wet_utilities = ["JS"]
            zones_m = { G0 = 1.0 }
            [coordination.owners.own-gas]
            sharing_m = 0.5
            """,
        )
    )
    assert found.frost_depth_m == 1.2
    assert found.existing_too
    assert found.heating_season == Season((11, 1), (3, 31))
    assert found.excluded_days == ((date(2026, 10, 1), date(2026, 10, 7)),)
    assert found.wet_utilities == ("JS",)
    assert found.zones_m["G0"] == 1.0 and found.zones_m["E1"] == 0.75
    assert found.of_owner("sharing_m", "own-gas") == 0.5
    assert found.of_owner("sharing_m", "own-water") == 2.0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("frost_dpth_m = 1.0", "no_such_parameter"),
        ("frost_depth_m = -1.0", "bad_parameter"),
        ('frost_depth_m = "deep"', "bad_parameter"),
        ("frost_depth_m = true", "bad_parameter"),
        ("frost_depth_m = nan", "bad_parameter"),
        ("existing_too = 1", "bad_parameter"),
        ('heating_season = ["13-01", "03-31"]', "bad_parameter"),
        ('heating_season = "winter"', "bad_parameter"),
        ("excluded_days = [2026-10-01]", "bad_parameter"),
        ('zones_m = { G0 = "wide" }', "bad_parameter"),
        ("owners = { own-gas = { frost_depth_m = 1.0 } }", "no_such_parameter"),
        ("owners = { own-gas = { sharing_m = -1.0 } }", "bad_parameter"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_parameters(written(tmp_path, f"[coordination]\n{text}\n"))
    assert caught.value.code == code


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", written(tmp_path, "[coordination\n")):
        with pytest.raises(BadDistrict):
            read_parameters(path)
