"""Runs the agent under Linux with a kernel that refuses what OSv lacks."""

import runpy

import osv_filter

osv_filter.refuse()
runpy.run_module("mayfly", run_name="__main__")
