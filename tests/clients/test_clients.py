"""Clients of others, unchanged, each through its own front door: one test a cell of the table."""

import pytest
from client_columns import GSUTIL, NotRunError
from client_operations import CLIENTS, OVER_PROXY, operations
from client_table import NOT_RUN, PAGE, cells_of, render, results

CELLS = [("auto", client, name) for client in CLIENTS for name in operations(client)]
CELLS += [("proxy", client, name) for client in OVER_PROXY for name in operations(client)]


@pytest.mark.parametrize(("mode", "client", "operation"), CELLS)
def test_the_client_does_it(column, mode, client, operation):
    if client == "gsutil" and not GSUTIL.exists():
        pytest.fail("there is no gsutil: make tools", pytrace=False)
    try:
        cell = column(client, mode).cells[operation]
    except NotRunError as reason:
        pytest.skip(str(reason))

    assert cell.outcome != "failed", cell.says


def test_the_page_says_what_was_found(column, stack):
    if stack != "hub":
        pytest.skip("the page is about the hub's versions")
    found = cells_of(render(results(column)))
    said = cells_of(PAGE.read_text(encoding="utf-8"))

    assert said.keys() == found.keys()
    # What could not be tried here was tried where the page was written.
    tried = {cell for cell, text in found.items() if text != NOT_RUN}
    assert {cell: said[cell] for cell in tried} == {cell: found[cell] for cell in tried}


@pytest.mark.parametrize("client", OVER_PROXY)
def test_both_ways_come_to_the_same(column, client):
    assert column(client, "proxy") == column(client, "auto")
