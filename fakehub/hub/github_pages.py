"""The pages of the small GitHub: they ask the same questions as GitHub's, but look simpler."""

from __future__ import annotations

from html import escape

from aiohttp import web

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body {{ font: 16px/1.5 sans-serif; max-width: 30em; margin: 3em auto; padding: 0 1em }}
input, button {{ font: inherit; padding: .3em .8em; margin: .2em .6em .8em 0 }}
label {{ display: block }}</style></head>
<body><main><h1>{title}</h1>
{content}
</main></body>
</html>
"""


def message(title: str, text: str, status: int = 200) -> web.Response:
    """Return a page with a sentence."""
    return _page(title, f"<p>{escape(text)}</p>", status)


def login(service: str, return_to: str, problem: str = "") -> web.Response:
    """Return the login form of a ``service``, after which the browser is redirected to ``return_to``."""
    warning = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    form = f"""{warning}<form method="post" action="/session">
<input type="hidden" name="return_to" value="{escape(return_to)}">
<label>Username <input name="login" autofocus autocomplete="off"></label>
<label>Password <input name="password" type="password"></label>
<button>Sign in</button></form>"""
    return _page(f"Sign in to {service}", form)


def authorize(app: str, login_name: str, organization: str, scope: str) -> web.Response:
    """Return the page that asks whether the hub may read the teams, or who somebody is."""
    form = f"""<p>Signed in as <strong>{escape(login_name)}</strong></p>
<p><strong>{escape(app)}</strong> by {escape(organization)} wants to access your account: {escape(scope)}</p>
<form method="post"><button name="authorize" value="0">Cancel</button>
<button name="authorize" value="1">Authorize {escape(organization)}</button></form>"""
    return _page(f"Authorize {app}", form)


def invitation(organization: str, login_name: str) -> web.Response:
    """Return the invitation to the organisation."""
    form = f"""<p>Signed in as <strong>{escape(login_name)}</strong></p>
<form method="post"><button>Join {escape(organization)}</button></form>"""
    return _page(f"You have been invited to the {organization} organization", form)


def _page(title: str, content: str, status: int = 200) -> web.Response:
    text = _PAGE.format(title=escape(title), content=content)
    return web.Response(status=status, text=text, content_type="text/html", headers={"Cache-Control": "no-store"})
