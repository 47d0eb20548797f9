"""The undocumented parts of libraries that fakehub uses are still there, and still mean the same."""

import importlib
import inspect
import json
from json import encoder

import pytest
from aiohttp import StreamReader, web
from aiohttp.http import StreamWriter
from aiohttp.web_protocol import RequestHandler

from fakehub import compat


def parameters(function) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (web.BaseRequest.__init__, ["message", "payload", "protocol", "payload_writer", "task", "loop"]),
        (StreamWriter.__init__, ["protocol", "loop"]),
        (StreamWriter.write_headers, ["status_line", "headers"]),
        (StreamWriter.write, ["chunk", "drain", "LIMIT"]),
        (StreamWriter.write_eof, ["chunk"]),
        (StreamWriter.send_headers, []),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_a_method_of_aiohttp_takes_the_same_parameters(function, expected):
    actual = parameters(function)[: len(expected)]

    assert actual == expected, f"aiohttp changed {function.__qualname__}; adjust fakehub.compat and faulty_stream"


@pytest.mark.parametrize("option", compat.SERVER_OPTIONS)
def test_aiohttps_server_has_the_options(option):
    assert option in parameters(RequestHandler.__init__), f"aiohttp's RequestHandler has no {option}; adjust compat"


@pytest.mark.parametrize(
    ("owner", "attribute", "user"),
    [
        (StreamWriter, "transport", "fakehub.network.faulty_stream"),
        (RequestHandler, "transport", "fakehub.network.shaping"),
        (StreamReader, "readany", "fakehub.network.faulty_stream"),
        (StreamReader, "readchunk", "fakehub.network.faulty_stream"),
        (StreamReader, "total_bytes", "fakehub.request_log"),
    ],
)
def test_an_attribute_of_aiohttp_exists(owner, attribute, user):
    names = {*dir(owner), *inspect.getsource(owner.__init__).replace("self.", " ").split()}

    assert attribute in names, f"aiohttp's {owner.__name__} has no {attribute}; adjust {user}"


@pytest.mark.parametrize(
    ("module", "owner", "attribute", "user"),
    [
        ("dask_gateway_server.auth", "JupyterHubAuthenticator", "get_token", "fakehub.gateway.plugins"),
        ("dask_gateway_server.backends.local", "UnsafeLocalBackend", "get_env", "fakehub.gateway.plugins"),
        ("distributed", "system", "MEMORY_LIMIT", "fakehub.gateway.worker_preload"),
    ],
)
def test_an_attribute_of_dask_exists(module, owner, attribute, user):
    if module == "distributed":
        importlib.import_module("distributed.system")
    value = getattr(importlib.import_module(module), owner)

    assert hasattr(value, attribute), f"{module}.{owner} has no {attribute}; adjust {user}"


@pytest.mark.parametrize("text", ["plain", '"', "\\", "\n\x00", "é", "\U0001f30a", "\ud800"])
def test_the_string_encoder_of_json_agrees_with_json_dumps(text):
    assert encoder.encode_basestring_ascii(text) == json.dumps(text)
