"""The command ``guide``: the documentation, offline and of the installed version."""

import pytest

from pytest_whoosh.commands.parsing import main


def test_the_guide_lists_every_page_with_its_title(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guide"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert "start" in [line.split()[0] for line in lines]
    assert [line.split(maxsplit=1)[1] for line in lines if line.startswith("time ")] == ["Time"]


@pytest.mark.parametrize("page", ["settings", "settings.md"])
def test_the_guide_prints_a_page(capsys: pytest.CaptureFixture[str], page: str) -> None:
    assert main(["guide", page]) == 0

    assert capsys.readouterr().out.startswith("# Settings\n")


@pytest.mark.parametrize(("page", "hint"), [("setings", "did you mean settings?"), ("zebra", "the pages are ")])
def test_a_page_that_does_not_exist_is_refused_with_those_that_do(
    capsys: pytest.CaptureFixture[str], page: str, hint: str
) -> None:
    with pytest.raises(SystemExit):
        main(["guide", page])

    assert f"the guide has no page {page!r}: {hint}" in capsys.readouterr().err
