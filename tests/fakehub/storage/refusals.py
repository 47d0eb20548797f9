"""Call code of the stand-in that may refuse a request."""

from fakehub.errors import GoogleError


def refusal(call, *arguments):
    """Return the error that a call raises, ``None`` if it raises none."""
    try:
        call(*arguments)
    except GoogleError as error:
        return error
    return None
