"""Mails that are not digests: alerts to the desk."""
