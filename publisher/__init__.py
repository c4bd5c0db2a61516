"""The publisher: a finalized digest becomes one mail to each subscriber and one entry in every feed."""

__version__ = "0.1.0"
