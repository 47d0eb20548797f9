"""The lists in the form that starts a server: those that a page shows, and those that the facts require."""

from hub_driver import offered


def lists(page, facts):
    """Return the labels in every list of the form, by profile and name of the list."""
    page.locator(".profile-select").first.wait_for()
    profiles = page.locator(".profile-select h2").all_inner_texts()
    cpu, gpu, image = facts.node_shares, facts.gpus, facts.images.choice
    names = {profile.profile: (profile.choice, image) for profile in (cpu, *facts.further_profiles)}
    names |= {gpu.profile: (gpu.choice, image)} if gpu else {}
    return {(profile, name): offered(page, profile, name) for profile in profiles for name in names[profile]}


def expected(facts, shares, gpus, further=()):
    """Return the same from the facts, for a person with these ``shares``, ``gpus`` and ``further`` CPU profiles."""
    images, cpu, gpu = facts.images, facts.node_shares, facts.gpus
    other = images.custom.in_choices
    form = {
        (cpu.profile, cpu.choice): labels(cpu.options, shares),
        (cpu.profile, images.choice): [*labels(images.options, images.options), other],
    }
    for profile in further:
        form[profile.profile, profile.choice] = labels(profile.options, profile.options)
        form[profile.profile, images.choice] = [*labels(images.options, images.options), other]
    if gpus:
        form[gpu.profile, gpu.choice] = labels(gpu.options, gpus)
        form[gpu.profile, images.choice] = [*labels(images.options, gpu.images), other]
    return form


def labels(options, names):
    """Return the labels of these options."""
    return [options[name].label for name in names]
