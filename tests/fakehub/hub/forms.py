"""What the form that starts a server offers, and what it has to."""

from hub_driver import offered


def lists(page, facts):
    """All lists of the form, by their profile and name."""
    page.locator(".profile-select").first.wait_for()
    profiles = page.locator(".profile-select h2").all_inner_texts()
    cpu, gpu, image = facts.node_shares, facts.gpus, facts.images.choice
    names = {cpu.profile: (cpu.choice, image)} | ({gpu.profile: (gpu.choice, image)} if gpu else {})
    return {(profile, name): offered(page, profile, name) for profile in profiles for name in names[profile]}


def expected(facts, shares, gpus):
    """The same, from the facts, for somebody with these ``shares`` and ``gpus``."""
    images, cpu, gpu = facts.images, facts.node_shares, facts.gpus
    other = images.custom.in_choices
    form = {
        (cpu.profile, cpu.choice): labels(cpu.options, shares),
        (cpu.profile, images.choice): [*labels(images.options, images.options), other],
    }
    if gpus:
        form[gpu.profile, gpu.choice] = labels(gpu.options, gpus)
        form[gpu.profile, images.choice] = [*labels(images.options, gpu.images), other]
    return form


def labels(options, names):
    """What these options are called in the form."""
    return [options[name].label for name in names]
