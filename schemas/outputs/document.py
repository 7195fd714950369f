"""The base of all that is written once and read by later versions."""

from pydantic import BaseModel, ConfigDict


class OutputDocument(BaseModel):
    """A record that is written once and never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
