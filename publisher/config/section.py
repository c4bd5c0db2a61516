"""What every table of the configuration is: frozen, and without room for a key that nobody knows."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A table."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Limits(Section):
    """How many mails may leave, at most; 0: any number."""

    per_second: float = Field(default=0, ge=0, le=100_000)
    per_hour: int = Field(default=0, ge=0)
    per_day: int = Field(default=0, ge=0)
