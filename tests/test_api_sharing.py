"""What a shared link opens: every case of page, data and filter."""

import pytest

from api.sharing import covers, page_of

CASES = [
    ("/map", "theme=lines", "/map", {"theme": "lines"}, True),
    ("/map", "theme=lines", "/map", {"theme": "lines", "lang": "en", "print": "1"}, True),
    ("/map", "theme=lines", "/map", {}, False),
    ("/map", "", "/map", {"theme": "lines"}, False),
    ("/map", "", "/map", {"as_of": "2026-07-01"}, False),
    ("/map", "as_of=2026-07-01", "/api/view", {"as_of": "2026-07-01", "layers": "lines"}, True),
    ("/map", "as_of=2026-07-01", "/api/view", {"layers": "lines"}, False),
    ("/map", "town=1", "/api/view", {"town": "1", "stage": "survey"}, True),
    ("/map", "town=1", "/api/view", {"town": "2"}, False),
    ("/map", "town=1", "/api/view", {}, False),
    ("/map", "", "/api/view", {"town": "2"}, True),
    ("/map", "", "/", {}, False),
    ("/map", "", "/api/status", {}, False),
    ("/", "town=1&stage=survey", "/table", {"town": "1", "stage": "survey", "page": "2"}, True),
    ("/", "town=1", "/", {"town": "1", "community": "c"}, False),
    ("/", "town=1&community=c", "/", {"town": "1", "community": "c"}, True),
    ("/", "town=1&community=c", "/", {"town": "1"}, True),
    ("/", "", "/", {"community": "c"}, True),
    ("/table", "", "/map", {}, False),
    ("/community/c", "", "/community/c", {"tab": "lines"}, True),
    ("/community/c", "", "/community/d", {}, False),
]


@pytest.mark.parametrize(("shared", "query", "path", "asked", "opens"), CASES)
def test_a_link_opens_its_page_the_data_of_it_and_less(
    shared: str, query: str, path: str, asked: dict[str, str], opens: bool
) -> None:
    assert covers(shared, query, path, asked) == opens


def test_pages_are_known_by_their_address() -> None:
    assert page_of("/map?theme=lines#x") == ("/map", "theme=lines")
    assert page_of("/community/%E6%9C%9D%E9%98%B3") == ("/community/朝阳", "")
    assert [page_of(one) for one in ("/owner/o", "map", "http://h/map", "//h/map", "/community/")] == [
        None
    ] * 5
