"""What tests have in common."""

import os
import pathlib

import numpy as np
import pytest

import periphon as pp

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]


def db(difference, reference):
    """Energy of a difference against that of the reference, dB."""
    difference, reference = np.asarray(difference, float), np.asarray(reference, float)
    return 10.0 * np.log10((difference**2).sum() / (reference**2).sum() + 1e-30)


@pytest.fixture(scope="session")
def head():
    return pp.Head("ku100", 48_000)


@pytest.fixture(scope="session")
def truth():
    """The folder with what Rust renders: `cargo run --example truth -- FOLDER`."""
    folder = os.environ.get("PERIPHON_TRUTH")
    if folder is None:
        pytest.skip("PERIPHON_TRUTH does not name the folder that the example `truth` has written")
    return pathlib.Path(folder)


@pytest.fixture
def rng():
    return np.random.default_rng(7)
