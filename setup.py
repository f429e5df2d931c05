"""The compiled part of the build; everything else is in pyproject.toml."""

from pathlib import Path

from setuptools import setup

ENGINE = Path("pynn_eprop/engine/build_engine.py")

setup(cffi_modules=[f"{ENGINE}:ffi"] if ENGINE.exists() else [])
