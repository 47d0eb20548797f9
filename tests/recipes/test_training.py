"""The checkpoints of the notebook on training: runs that are killed anywhere end like one that is not."""

import json
import signal

PAGE = "notebooks/train-a-network.ipynb"
NAMES = ("new_parameters", "predict", "loss", "optimizer", "update", "STEPS")
NAMES += ("load", "save", "newest", "batch_of_step", "predict_batch", "forecast_of", "train")
# Five small batches, and what compares two states.
SETUP = """
rng = np.random.default_rng(1)
def batch():
    return rng.normal(size=(4, 6, 8, 3)).astype("float32"), rng.normal(size=(4, 6, 8)).astype("float32")
train_windows = [batch() for _ in range(5)]
valid_days, valid_next = batch()
def pairs(window):
    return window
def same(one, other):
    leaves = [jax.tree.leaves(state) for state in (one, other)]
    return all(np.array_equal(*pair) for pair in zip(*leaves, strict=True))
"""


def test_a_run_that_is_killed_at_random_moments_ends_like_one_that_is_not(recipe, printed):
    """The kill comes up to 50 ms after a random step: while one is computed, or a checkpoint saved or deleted."""
    killed = 'killed = os.environ["SCRATCH_BUCKET"] + "/recipes/killed-training"\n'
    program = """
import signal, threading
chance = np.random.default_rng(NUMBER)
first, wait, steps, original = chance.integers(3, 25), chance.uniform(0, 0.05), [], update
def update(*arguments):
    steps.append(1)
    if len(steps) == first:
        threading.Timer(wait, os.kill, (os.getpid(), signal.SIGKILL)).start()
    return original(*arguments)
train(killed, until=1000, every=5)
"""
    for number in range(3):
        done = recipe(PAGE, NAMES, SETUP + killed + program.replace("NUMBER", str(number)))
        assert done.returncode == -signal.SIGKILL, done.stderr
    program = """
found = int(newest(killed)["step"])
print(same(train(killed, until=80, every=5), train(base, until=80, every=5)), 0 < found < 80)
"""
    assert printed(PAGE, NAMES, SETUP + killed + program)[-1] == "True True"


def test_a_stop_before_or_after_any_request_loses_no_checkpoint(printed):
    program = """
class Stopped(BaseException):
    pass

class Stopping:
    def __init__(self, at, after):
        self.at, self.after, self.calls = at, after, 0
    def __getattr__(self, name):
        def call(*arguments):
            self.calls += 1
            if self.calls == self.at and not self.after:
                raise Stopped
            answer = getattr(real, name)(*arguments)
            if self.calls == self.at:
                raise Stopped
            return answer
        return call

real, results = fs, []
whole = train(f"{base}/whole", until=25, every=5)
for after in (False, True):
    for at in range(1, 100):
        run, fs = f"{base}/{after}-{at}", Stopping(at, after)
        try:
            train(run, until=25, every=5)
        except Stopped:
            results.append(same(train(run, until=25, every=5), whole))
        else:
            break
print(len(results) > 20, all(results))
"""
    assert printed(PAGE, NAMES, SETUP + program)[-1] == "True True"


def test_only_old_checkpoints_are_deleted(printed):
    program = """
others = ["run/notes.txt", "run/a/step-000000001.npz", "run-2/step-000000001.npz"]
fs.pipe({f"{base}/{name}": b"" for name in others})
train(f"{base}/run", until=25, every=5)
print([path.split("/recipes/")[1].split("/", 1)[1] for path in fs.find(base)])
"""
    saved = [f"run/step-{step:09}.npz" for step in (15, 20, 25)]
    others = ["run-2/step-000000001.npz", "run/a/step-000000001.npz", "run/notes.txt"]
    assert sorted(json.loads(printed(PAGE, NAMES, SETUP + program)[-1].replace("'", '"'))) == sorted(saved + others)


def test_a_finished_run_is_returned_and_a_longer_one_continues(printed):
    program = """
one = train(f"{base}/run", until=10, every=5)
print(same(train(f"{base}/run", until=10, every=5), one))
print(same(train(f"{base}/run", until=20, every=5), train(f"{base}/other", until=20, every=5)))
other_seed = newest(f"{base}/none", seed=1)
print(same(newest(f"{base}/none"), other_seed), int(newest(f"{base}/run", seed=1)["seed"]))
"""
    lines = printed(PAGE, NAMES, SETUP + program)
    assert [line for line in lines if "starts" not in line] == ["True", "True", "False 0"]


def test_each_epoch_has_every_batch_once_in_another_order(printed):
    program = """
epochs = [[batch_of_step(seed, step, 24) for step in range(24 * n, 24 * n + 24)] for seed in (0, 1) for n in (0, 1)]
print(all(sorted(epoch) == list(range(24)) for epoch in epochs), len(set(map(tuple, epochs))))
"""
    assert printed(PAGE, ("batch_of_step",), program) == ["True 4"]


def test_batches_are_read_ahead_in_order_and_an_error_is_not_lost(printed):
    program = """
import time
read = []
class Windows(list):
    def __getitem__(self, number):
        read.append(number)
        time.sleep(0.02 * (number % 3))
        return number
def pairs(number):
    return np.array(100 // (7 - number))
batches = load(Windows(), iter([3, 1, 2, 0, 5, 4, 6]), ahead=2)
print(int(next(batches)), set(read) <= {3, 1, 2}, [int(each) for each in batches])
try:
    list(load(Windows(), [1, 7, 2]))
except ZeroDivisionError:
    print("raised")
print(list(load(Windows(), [])))
"""
    assert printed(PAGE, ("load",), program) == [
        "25 True [16, 20, 14, 50, 33, 100]",
        "raised",
        "[]",
    ]
