"""Third-party clients, unmodified and through their public interface: one test per cell of the table."""

import pytest
from client_columns import GSUTIL, NotRunError
from client_operations import CLIENTS, OVER_PROXY, operations
from client_table import NOT_RUN, PAGE, cells_of, render, results

CELLS = [("auto", client, name) for client in CLIENTS for name in operations(client)]
CELLS += [("proxy", client, name) for client in OVER_PROXY for name in operations(client)]


def run_or_skip(column, client, mode):
    """Return the results of a client; skip the test if it is not on this machine."""
    try:
        return column(client, mode)
    except NotRunError as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize(("mode", "client", "operation"), CELLS)
def test_the_client_performs_the_operation(column, mode, client, operation):
    if client == "gsutil" and not GSUTIL.exists():
        pytest.fail("gsutil is not installed; run make tools", pytrace=False)
    cell = run_or_skip(column, client, mode).cells[operation]

    assert cell.outcome != "failed", cell.says


def test_the_page_shows_the_results(column, stack):
    if stack != "hub":
        pytest.skip("the page is about the hub's versions")
    actual = cells_of(render(results(column)))
    written = cells_of(PAGE.read_text(encoding="utf-8"))

    assert written.keys() == actual.keys()
    # A client that cannot be run here was run where the page was written.
    tested = {cell for cell, text in actual.items() if text != NOT_RUN}
    assert {cell: written[cell] for cell in tested} == {cell: actual[cell] for cell in tested}


@pytest.mark.parametrize("client", OVER_PROXY)
def test_both_modes_give_the_same_results(column, client):
    assert run_or_skip(column, client, "proxy") == run_or_skip(column, client, "auto")
