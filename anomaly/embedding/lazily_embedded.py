"""Events of which only some are ever needed: those that are taken are embedded.

The scores draw references from the normal cluster, and look at no other event of it.
"""

from dataclasses import dataclass

from anomaly.embedding.deduplicated import Codes, EmbeddedEvents
from anomaly.embedding.embedder import EventEmbedder
from anomaly.embedding.read_events import ReadEvents


@dataclass(frozen=True)
class LazilyEmbedded:
    """Conformed events, and what embeds those that are taken."""

    embedder: EventEmbedder
    events: ReadEvents

    @property
    def n_events(self) -> int:
        """Return how many events there are."""
        return self.events.table.num_rows

    def take(self, events: Codes) -> EmbeddedEvents:
        """Embed the events of these positions, int64 (n_taken,)."""
        return self.embedder.embed(self.events.take(events))
