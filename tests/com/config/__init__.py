"""Tests of the readers of COM settings."""
