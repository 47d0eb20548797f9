"""Find what a checkout of 2i2c's infrastructure repository says about one hub."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

from fakehub.from_2i2c import terraform
from fakehub.from_2i2c.errors import DraftError
from fakehub.from_2i2c.helm import Values, hub_values, read
from fakehub.from_2i2c.terraform import Terraform

_REPOSITORY = "https://github.com/2i2c-org/infrastructure"
_CLUSTERS, _CHARTS, _TERRAFORM = Path("config/clusters"), Path("helm-charts"), Path("terraform/gcp/projects")


@dataclass(frozen=True)
class HubConfiguration:
    """The configuration of one hub.

    ``about`` is the content of ``cluster.yaml`` and ``entry`` the hub's part of it. ``values`` are Helm's, with all
    defaults. ``files`` are those that were read, ``unread`` those that could not be: encrypted or programs.
    ``date`` is that of the checkout's ``commit``, or of the newest file in a folder that is no checkout. ``address`` is
    where people read the cluster's files.
    """

    name: str
    about: Values
    entry: Values
    values: Values
    terraform: Terraform | None
    files: list[str]
    unread: list[str]
    date: str
    commit: str | None
    address: str

    @property
    def machine_pools(self) -> list[Values]:
        """Terraform's pools of machines for servers."""
        pools = self.terraform.variables.get("notebook_nodes") if self.terraform else None
        return [pool or {} for pool in (pools or {}).values()]


def hub_configuration(checkout: Path, cluster: str, hub: str) -> HubConfiguration:
    """Return the configuration of a hub; raises ``DraftError``, also if the hub is not on Google Cloud."""
    folder = checkout / _CLUSTERS / cluster
    if not (folder / "cluster.yaml").is_file():
        known = [path.parent.name for path in (checkout / _CLUSTERS).glob("*/cluster.yaml")]
        raise DraftError(f"{checkout}: {_unknown('cluster', cluster, known)}")
    about = read(folder / "cluster.yaml")
    provider = about.get("provider")
    if provider != "gcp":
        raise DraftError(f"cluster {cluster} is on {provider}: the stand-in plays only hubs on Google Cloud (gcp)")
    hubs = {entry.get("name"): entry for entry in about.get("hubs") or []}
    if hub not in hubs:
        raise DraftError(f"cluster {cluster}: {_unknown('hub', hub, hubs)}")
    entry = hubs[hub]
    names: list[str] = entry.get("helm_chart_values_files") or []
    readable = [name for name in names if name.endswith((".yaml", ".yml")) and not Path(name).name.startswith("enc-")]
    chart = entry.get("helm_chart", "basehub")
    values = hub_values(checkout / _CHARTS, chart, [folder / name for name in readable])
    if not isinstance(values.get("jupyterhub"), dict):
        raise DraftError(f"cluster {cluster}, hub {hub}: no section jupyterhub: are these the values of a hub?")
    google = about.get("gcp") or {}
    variables = terraform.find(checkout / _TERRAFORM, google.get("project"), google.get("cluster"))
    files = [str(_CLUSTERS / cluster / name) for name in ("cluster.yaml", *readable)]
    files += [str(_CHARTS / name / "values.yaml") for name in ("basehub", "daskhub") if _has_values(checkout, name)]
    files += [str(variables.file.relative_to(checkout))] if variables else []
    unread = [name for name in names if name not in readable]
    date, commit = _revision(checkout, files)
    address = f"{_REPOSITORY}/tree/main/{_CLUSTERS / cluster}"
    return HubConfiguration(hub, about, entry, values, variables, files, unread, date, commit, address)


def _revision(checkout: Path, files: list[str]) -> tuple[str, str | None]:
    """Return the date and the short hash of a checkout's commit, or the date of its newest file and no hash."""
    command = ["git", "-C", str(checkout), "log", "-1", "--format=%cs %h"]
    if (checkout / ".git").exists() and shutil.which("git"):
        commit = subprocess.run(command, capture_output=True, text=True).stdout.split()
        if commit:
            return commit[0], commit[1]
    newest = max((checkout / name).stat().st_mtime for name in files)
    return datetime.fromtimestamp(newest, UTC).date().isoformat(), None


def _has_values(checkout: Path, chart: str) -> bool:
    return (checkout / _CHARTS / chart / "values.yaml").is_file()


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Say that there is no ``what`` of that name, and which there are: a similar one, or a few."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"there is no {what} {name}; did you mean {close[0]}?"
    some = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"there is no {what} {name}; there is {some}" if names else f"there is no {what} at all"
