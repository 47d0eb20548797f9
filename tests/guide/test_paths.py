"""Paths of the project."""

from guide.paths import ROOT, build_folder


def test_the_projects_own_guide_is_built_beside_its_sources():
    assert build_folder(ROOT / "hub.yml") == ROOT / "_build"


def test_two_hubs_never_share_a_build_folder(tmp_path):
    """Not even if their files, or the folders of these, have the same name."""
    files = ("a/ocean/hub.yml", "b/ocean/hub.yml", "b/ocean/other.yml")

    folders = {build_folder(tmp_path / file) for file in files}

    assert len(folders) == len(files)
    assert all(folder.parent == ROOT / "_build/hubs" and folder.name.startswith("ocean-") for folder in folders)
