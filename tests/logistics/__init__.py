"""Tests of the Nansha logistics plugin."""
