"""Fixtures that live in modules of their own: the service in this process, and the browser."""

pytest_plugins = [
    "tests.service_fixtures",
    "tests.browser_fixtures",
    "tests.edit_scenes",
    "tests.live_service",
]
