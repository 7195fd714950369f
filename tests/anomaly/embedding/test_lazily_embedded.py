"""Events that are embedded when they are taken have the vectors that they have among all."""

import numpy as np
import pyarrow as pa

from anomaly.embedding.embedder import EventEmbedder
from anomaly.embedding.lazily_embedded import LazilyEmbedded
from anomaly.embedding.read_events import ReadEvents
from schemas.columns.roles import Role

ROLES = {"said": Role.TEXT, "action": Role.CATEGORY, "size": Role.NUMBER}


def test_taken_events_have_the_vectors_that_they_have_among_all() -> None:
    random = np.random.default_rng(0)
    events = pa.table(
        {
            "said": pa.array([f"disk {i % 7} of {'abcde'[i % 5] * 3}" for i in range(60)]),
            "action": pa.array(random.choice(["read", "write"], 60)),
            "size": random.normal(size=60),
        }
    )
    events = events.set_column(0, "said", events["said"].dictionary_encode())
    events = events.set_column(1, "action", events["action"].dictionary_encode())
    read = ReadEvents.read(events, ROLES)
    embedder = EventEmbedder.fit(read, ROLES, {}, 0)
    rows = np.array([51, 3, 4, 3])
    lazily = LazilyEmbedded(embedder, read)
    assert lazily.n_events == 60
    assert np.array_equal(lazily.take(rows).X, embedder.embed(read).take(rows).X)
