"""``make facts``: what differs between the facts and their sources is reported with its line, and nothing else is."""

import os
import shutil
import subprocess

import pytest
import yaml

from guide.upstream.compare import compare
from guide.upstream.expected import MISSING
from guide.upstream.record import read_record
from guide.upstream.settings import UpstreamError, upstream_of

COMMON, PROD = "config/clusters/leap/common.values.yaml", "config/clusters/leap/prod.values.yaml"
CHART, VALUES = "helm-charts/basehub/Chart.yaml", "helm-charts/basehub/values.yaml"
CLUSTER, TFVARS = "config/clusters/leap/cluster.yaml", "terraform/gcp/projects/leap.tfvars"
DOCS = "docs"
# The beginning of settings.
STATES = "{cluster: leap, hub: prod, documentation: {source: leapdocs, states:"
# A fact, the file that states it, the text there and another one, and what the report then says.
CHANGES = [
    ("hub.community", COMMON, "org:\n            name: LEAP", "org: {name: EARTH}", "EARTH"),
    ("hub.operator.url", COMMON, "https://2i2c.org", "https://example.org", "https://example.org"),
    ("hub.named_servers", COMMON, "allowNamedServers: true", "allowNamedServers: false", False),
    ("hub.region", TFVARS, '"us-central1"', '"us-east1"', "us-east1"),
    ("hub.timeouts.idle_kernel_culled_after_s", VALUES, "cull_idle_timeout: 3600", "cull_idle_timeout: 1800", 1800),
    ("hub.timeouts.server_max_age_s", VALUES, "maxAge: 604800", "maxAge: 86400", 86400),
    ("hub.timeouts.spawn_timeout_s", VALUES, "startTimeout: 600", "startTimeout: 900", 900),
    ("access.login_only_teams.mitra-qian", COMMON, "/shared-folder", "/other-folder", "~/other-folder"),
    (
        "access.tiers.1.cpu_node_shares",
        COMMON,
        "mem_32: *mem_32",
        "mem_32: *mem_32\n              mem_64: *mem_64",
        ["mem_8", "mem_16", "mem_32", "mem_64"],
    ),
    ("node_shares.options.mem_8.mem_limit_gib", COMMON, "mem_limit: 8G", "mem_limit: 7G", 7),
    ("node_shares.options.mem_16.mem_guarantee_gib", COMMON, "14.444G", "13G", 13),
    ("node_shares.options.mem_64.label", COMMON, "~64 GB, upto", "~60 GB, upto", "~60 GB, upto 15.5 CPU"),
    ("node_shares.options.mem_128.cpu_guarantee", COMMON, "cpu_guarantee: 1.6", "cpu_guarantee: 2", 2),
    ("node_shares.machine", COMMON, "instance-type: n2-highmem-16", "instance-type: n2-highmem-32", "n2-highmem-32"),
    ("further_profiles.0.options.mem_512.cpu_limit", COMMON, "cpu_limit: 64", "cpu_limit: 32", 32),
    ("gpus.choice", COMMON, "GPU type", "Accelerator", "Accelerator"),
    ("gpus.options.nvidia_a100.mem_limit_gib", COMMON, "mem_limit: 82G", "mem_limit: 80G", 80),
    ("gpus.zones", TFVARS, ', "us-central1-f"', "", ["us-central1-a", "us-central1-b", "us-central1-c"]),
    ("images.options.pangeo.ref", COMMON, "notebook:2026.06.04\n              t", "notebook:9\n              t", None),
    ("images.custom.message", COMMON, "Must be a publicly", "Has to be a", None),
    ("home.hard_quota_gib", PROD, "hard_quota: 100", "hard_quota: 50", 50),
    ("buckets.options.leap-scratch.delete_after_days", TFVARS, '"delete_after" : 7', '"delete_after" : 14', 14),
    ("buckets.options.leap-persistent-ro.uniform_access", TFVARS, 'access_only" : true', 'access_only" : false', False),
    ("buckets.identity.pays_for_requests", TFVARS, "_buckets : true", "_buckets : false", False),
    ("dask_gateway.worker_resource_allocation.4CPU, 28.9Gi.memory", VALUES, '"28.942G"', '"27G"', "27G"),
    ("dask_gateway.idle_timeout_minutes", VALUES, "idle_timeout = 1800", "idle_timeout = 3600", 60),
    ("dask_gateway.preemptible_workers", TFVARS, "preemptible : false", "preemptible : true", True),
    ("git.push_from_hub.app", COMMON, "apps/leap-hub-push-access", "apps/other", "https://github.com/apps/other"),
    ("help.email", f"{DOCS}/docs/support/contact.md", "[leap@columbia.edu]", "[help@example.org]", "help@example.org"),
    ("teaching.notice_weeks", f"{DOCS}/docs/edu/classes.md", "least 3 weeks", "least five weeks", "5"),
]
GPU = ("label", "vram_gb", "mem_limit_gib", "machine", "default")
T4_USERS = {"access.tiers.2.gpus", "access.tiers.3.gpus", "access.extra_teams.data-and-compute.gpus"}
# Changes that concern several facts or none, that add one, or after which a source no longer states it.
FURTHER = [
    (CLUSTER, "domain: leap.2i2c", "domain: hub.2i2c", {"hub.url", "hub.control_panel"}),
    (COMMON, "[40GB VRAM]", "[80GB VRAM]", {"gpus.options.nvidia_a100.label", "gpus.options.nvidia_a100.vram_gb"}),
    (COMMON, "tesla_t4:", "t4:", {f"gpus.options.{i}.{f}" for i in ("tesla_t4", "t4") for f in GPU} | T4_USERS),
    (
        COMMON,
        "leap-stc:mitra-qian\n",
        "leap-stc:more\n",
        {f"access.login_only_teams.{t}" for t in ("mitra-qian", "more")},
    ),
    (COMMON, "validation_message:", "other_message:", {"images.custom.message"}),
    (TFVARS, "leap-persistent-bucket-writers", "other-writers", {"buckets.writers_group"}),
    (TFVARS, '-a", "us-central1-b", "us-central1-c", "us', '-c", "us-central1-b", "us-central1-a", "us', set()),
    (VALUES, ', "PANGEO_SCRATCH": "$(PANGEO_SCRATCH)"', "", {"environment_variables.on_dask_workers"}),
    (VALUES, "  cull:\n", "  cull:\n    timeout: 60\n", {"hub.timeouts.idle_server_culled_after_s"}),
    (CHART, "4.3.3", "4.4.0", {"sources.chart.commit"}),
    ("docs/docs/introduction/getting_started.md", "Six month", "Six  month", set()),
    ("docs/docs/introduction/getting_started.md", "Six month", "No", {"access.tiers.2.renew_every_months"}),
    ("docs/docs/support/contact.md", "`technical_q", "`hard_q", {"help.chat.channels.technical_questions"}),
    ("docs/docs/data/data_tools.md", "nyu1", "nyu2", {"osn.endpoint"}),
]


@pytest.fixture
def sources(root, tmp_path):
    """A copy of both checkouts, whose facts are those of hub.yml; the documentation is in the folder ``docs``."""
    shutil.copytree(root / "tests/guide/upstream/checkout", tmp_path / "sources")
    return shutil.copytree(root / "tests/guide/upstream/docs", tmp_path / "sources" / DOCS).parent


@pytest.fixture(scope="module")
def content(root):
    return yaml.safe_load((root / "hub.yml").read_text())


def replace(sources, file, old, new):
    text = (sources / file).read_text()
    assert old in text
    (sources / file).write_text(text.replace(old, new))


def findings(root, content, sources):
    found = compare(content, upstream_of(root / "hub.yml"), sources, sources / DOCS)
    return {finding.key: finding for finding in found}


def changed(found):
    return {key: finding for key, finding in found.items() if finding.verdict == "changed"}


def test_there_are_30_changes_of_different_facts():
    assert len({key for key, *_ in CHANGES}) == 30


def test_unchanged_sources_confirm_the_facts(root, content, sources):
    found = findings(root, content, sources)

    assert changed(found) == {}
    assert sum(finding.verdict == "confirmed" for finding in found.values()) > 150
    assert all(finding.place for finding in found.values() if finding.verdict == "confirmed")


@pytest.mark.parametrize(("key", "file", "old", "new", "now"), CHANGES, ids=[change[0] for change in CHANGES])
def test_a_changed_fact_is_the_only_one_reported(root, content, sources, key, file, old, new, now):
    before = findings(root, content, sources)[key]

    replace(sources, file, old, new)
    found = changed(findings(root, content, sources))

    assert list(found) == [key]
    assert found[key].value == before.value
    assert found[key].now == now or now is None
    assert found[key].now != before.value
    assert found[key].place.file == file.removeprefix(f"{DOCS}/")


def test_30_changed_facts_are_reported_and_nothing_else(root, content, sources):
    for _, file, old, new, _ in CHANGES:
        replace(sources, file, old, new)

    assert set(changed(findings(root, content, sources))) == {key for key, *_ in CHANGES}


@pytest.mark.parametrize(("file", "old", "new", "keys"), FURTHER)
def test_a_change_reports_all_facts_that_follow_from_it(root, content, sources, file, old, new, keys):
    replace(sources, file, old, new)

    assert set(changed(findings(root, content, sources))) == keys


def test_a_fact_that_a_source_no_longer_states_is_not_there(root, content, sources):
    replace(sources, f"{DOCS}/docs/data/data_catalog.md", "There is a data catalog", "See")
    replace(sources, COMMON, "leap-stc:data-and-compute\n          - leap-stc:climatematch", "leap-stc:climatematch")

    found = changed(findings(root, content, sources))

    assert found["help.catalog"].now is MISSING
    assert found["access.allowed_teams"].now == ["leap-pangeo-base-access", "leap-pangeo-full-access"]


def test_without_the_variables_of_terraform_what_they_state_is_not_there(root, content, sources):
    replace(sources, TFVARS, 'project_id = "leap-pangeo"', 'project_id = "another"')

    found = changed(findings(root, content, sources))

    assert found["buckets.options.leap-scratch.delete_after_days"].now is MISSING
    assert {key.partition(".")[0] for key in found} == {"hub", "gpus", "buckets", "dask_gateway"}


def test_a_fact_of_hub_yml_that_differs_is_reported(root, content, sources):
    own = yaml.safe_load(yaml.safe_dump(content))
    del own["gpus"]["options"]["nvidia_l4"]
    own["node_shares"]["options"]["mem_256"] = own["node_shares"]["options"]["mem_128"]

    found = changed(findings(root, own, sources))

    assert found["gpus.options.nvidia_l4.vram_gb"].value is MISSING
    assert found["node_shares.options.mem_256.label"].now is MISSING
    assert all(key.startswith(("gpus.options.nvidia_l4.", "node_shares.options.mem_256.")) for key in found)


def test_defaults_of_another_version_of_the_chart_are_not_confirmed(root, content, sources):
    replace(sources, CHART, "4.3.3", "4.4.0")

    found = findings(root, content, sources)

    assert found["hub.timeouts.idle_server_check_s"].verdict == "not verifiable"
    assert found["home.path"].verdict == "not verifiable"


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("hub.url", "domain: leap.2i2c.cloud"),
        ("hub.timeouts.idle_server_check_s", "version: 4.3.3"),
        ("access.allowed_teams", "- 2i2c-org:staff"),
        ("access.login_only_teams.mitra-qian", '"groups": ["leap-stc:mitra-qian"]'),
        ("access.extra_teams.large-gpu.gpus", "- leap-stc:large-gpu"),
        ("node_shares.machine", "instance-type: n2-highmem-16"),
        ("node_shares.options.mem_64.label", "display_name: ~64 GB"),
        ("further_profiles.0.machine", "instance-type: n2-highmem-64"),
        ("gpus.options.nvidia_l4.machine", "instance-type: g2-standard-4"),
        ("images.options.pytorch.ref", "image: pangeo/pytorch-notebook"),
        ("images.custom.message", "validation_message:"),
        ("buckets.options.leap-persistent-ro.uniform_access", "uniform_bucket_level_access_only"),
        ("buckets.options.leap-persistent-ro.hub", "bucket_readonly_access"),
        ("buckets.options.leap-scratch.variable", "SCRATCH_BUCKET: gs://leap-scratch"),
        ("dask_gateway.worker_resource_allocation.8CPU, 57.9Gi.cores", '"8CPU, 57.9Gi"'),
        ("dask_gateway.idle_timeout_minutes", "idle_timeout = 1800"),
        ("environment_variables.on_dask_workers", "CLUSTER__OPTIONS__ENVIRONMENT"),
        ("teaching.apply_weeks", "two weeks before the starting date"),
    ],
)
def test_the_place_of_a_fact_is_the_line_that_states_it(root, content, sources, key, line):
    found = findings(root, content, sources)[key]
    folder = sources / DOCS if found.source == "leapdocs" else sources

    assert line in (folder / found.place.file).read_text().splitlines()[found.place.line - 1]


@pytest.mark.parametrize(
    ("file", "content_of_file", "message"),
    [
        (CLUSTER, "name: leap\nprovider: aws\n", "is on aws"),
        (COMMON, "basehub: [", "not YAML"),
        (COMMON, "basehub: {jupyterhub: {singleuser: {profileList: [1]}}}", "values of an unknown shape"),
        (TFVARS, 'project_id = "leap-pangeo"\nprefix = {', "not a file of Terraform's variables"),
    ],
)
def test_a_damaged_checkout_is_refused(root, content, sources, file, content_of_file, message):
    (sources / file).write_text(content_of_file)

    with pytest.raises(UpstreamError, match=message) as raised:
        findings(root, content, sources)

    assert "\n" not in str(raised.value)


@pytest.fixture
def own_hub(root, tmp_path):
    """A copy of the facts and of where they are checked, and the variable that makes them the guide's."""
    for name in ("hub.yml", "hub.upstream.yml"):
        shutil.copy(root / name, tmp_path)
    return tmp_path / "hub.yml", {"FAKEHUB_HUB_YML": str(tmp_path / "hub.yml")}


def test_the_command_records_a_check_without_changes(guide, sources, own_hub):
    hub_yml, env = own_hub
    git = ["git", "-C", str(sources), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    dates = os.environ | {"GIT_AUTHOR_DATE": "2026-09-01T12:00:00Z", "GIT_COMMITTER_DATE": "2026-09-01T12:00:00Z"}
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "A checkout"]):
        subprocess.run([*git, *command], check=True, env=dates)
    commit = subprocess.run([*git, "rev-parse", "--short=7", "HEAD"], capture_output=True, text=True).stdout.strip()

    ran = guide("facts", str(sources), "--docs", str(sources / DOCS), "--record", "2026-10-02", env=env)

    assert ran.returncode == 0, ran.stderr
    assert f"configuration {commit} (2026-09-01)" in ran.stdout
    assert f"| `hub.url` | https://leap.2i2c.cloud/ | {commit} {CLUSTER}:15 |" in ran.stdout
    record = read_record(hub_yml)
    assert str(record.checked) == "2026-10-02"
    assert record.commits["configuration"] == f"{commit} (2026-09-01)"
    assert record.lines["hub.url"] == f"configuration {CLUSTER}:15"


def test_a_facts_file_that_is_wrong_is_refused_in_one_line(guide, own_hub):
    hub_yml, env = own_hub
    hub_yml.write_text(hub_yml.read_text().replace("  tiers:", "  tyers:"))

    ran = guide("facts", "tests/guide/upstream/checkout", env=env)

    assert ran.returncode == 2
    assert ran.stderr.splitlines() == [f"facts: {hub_yml}: access.tyers: unknown key; did you mean tiers?"]


def test_the_command_reports_a_change_and_records_nothing(guide, sources, own_hub):
    hub_yml, env = own_hub
    replace(sources, PROD, "hard_quota: 100", "hard_quota: 50")

    ran = guide("facts", str(sources), "--docs", str(sources / DOCS), "--record", "2026-10-02", env=env)

    assert ran.returncode == 1
    changes = ran.stdout.partition("## Changed")[2].partition("<details>")[0]
    assert changes.strip().splitlines()[2:] == [f"| `home.hard_quota_gib` | 100 | 50 | {PROD}:13 |"]
    assert read_record(hub_yml) is None


def test_facts_of_the_documentation_are_not_verifiable_without_it(guide, sources):
    ran = guide("facts", str(sources))

    assert ran.returncode == 0, ran.stderr
    assert "| `help.email` | leap@columbia.edu | seed, leapdocs |" in ran.stdout.partition("Not verifiable")[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere: there is no such folder; name a checkout of the repository"),
        (["examples"], "examples: there is no cluster at all"),
        (["tests/guide/upstream/checkout", "--docs", "nowhere"], "nowhere: there is no such folder"),
        (["tests/guide/upstream/checkout", "--docs", "book"], "book: none of the documentation's files is there"),
        (["tests/guide/upstream/checkout", "--record", "2026-10-02"], "RECORD needs DOCS too"),
        (
            ["tests/guide/upstream/checkout", "--record", "yesterday"],
            "'yesterday' is no date; write it like 2026-11-30",
        ),
    ],
)
def test_bad_input_gets_one_line_and_the_status_2(guide, arguments, message):
    ran = guide("facts", *arguments)

    assert ran.returncode == 2
    assert message in ran.stderr.splitlines()[-1]
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cluster: leap\n", "hub: missing"),
        ("cluster: [", "not YAML"),
        (
            f"{STATES} {{help.email: {{file: docs/edu/classes.md, says: text}}}}}}}}",
            "says: String should match pattern",
        ),
        (
            f"{STATES} {{help.mail: {{file: docs/edu/classes.md, says: 'a{{}}b'}}}}}}}}",
            "help.mail: there is no such fact",
        ),
    ],
)
def test_settings_that_are_wrong_are_named(root, content, sources, tmp_path, text, message):
    (tmp_path / "hub.upstream.yml").write_text(text)

    with pytest.raises(UpstreamError, match=message):
        compare(content, upstream_of(tmp_path / "hub.yml"), sources, sources / DOCS)


def test_the_record_is_about_facts_of_hub_yml(root, content, sources):
    record = read_record(root / "hub.yml")

    assert set(record.lines) <= set(findings(root, content, sources))
