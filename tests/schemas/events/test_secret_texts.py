import re
import time

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events.key_forms import KEY_FORMS
from schemas.events.masks import MASK
from schemas.events.secret_texts import mask_texts
from tests.planted_secrets import planted_secrets

PLANTED = planted_secrets()


def masked(text: str, *, numbers: bool = True) -> str:
    (told,) = mask_texts(pa.array([text]), b"", numbers).to_pylist()
    return str(told)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_each_kind_of_secret_is_masked_or_known_to_be_missed(planted) -> None:
    told = masked(planted.text)
    assert (planted.secret in told) == planted.missed
    if not planted.missed:
        assert MASK in told


def test_bytes_and_strings_of_any_layout_are_masked_alike() -> None:
    texts = [planted.text for planted in PLANTED]
    told = mask_texts(pa.array(texts), b"key", numbers=True).to_pylist()
    for kind in (pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary()):
        other = mask_texts(pa.array([t.encode() for t in texts]).cast(kind), b"key", numbers=True)
        assert other.type == kind
        assert other.cast(pa.binary()).to_pylist() == [text.encode() for text in told]


@given(st.lists(st.sampled_from([None, "plain", "pin=1234", "x", ""]), max_size=20))
def test_texts_without_a_secret_and_nulls_stay_where_they_are(texts) -> None:
    told = mask_texts(pa.array(texts, pa.string()), b"", numbers=True).to_pylist()
    assert told == [text and text.replace("1234", MASK) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "AKIAABCDEFGHIJKLMNOP",  # the whole value names who acted
        '{"nextToken": "AAEAAbwQk7AJvg2ZAp3PkimvgnsksUOA0Tk", "max": 10}',
        "arn:aws:secretsmanager:us-east-1:123837392027:secret:lab-role",
        "/auth/token: not found",
        '{"secretId": "lab-role", "token_type": "Bearer", "accessKeyLastUsed": 3}',
        "PWD=/home/ann OLDPWD=/tmp",
        "password=null token: *** secret=${VAULT_SECRET} api_key=<redacted>",
        "ran disk-by-uuid-0123456789abcdef01234 and task-0123456789abcdef01234",
        "basic instrumentation of the tokens used: 17",
        "blk_-1608999687919862906 at 1767600000000000",
        "order 4000000000000003 of part 4000-0000",
        "GB82 WEST 1234 5698 7654 33",
        "call 000-12-3456 or 078-051-120",
        "git@github.com:ann/repo.git https://host:8080/a@b",
    ],
)
def test_ordinary_texts_stay_as_they_are(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a=1&password=x%20y&b=2", f"a=1&password={MASK}&b=2"),
        ("/login/token=abc, /login/token:abc", f"/login/token={MASK}, /login/token:{MASK}"),
        ("password: 'it is long', n", f"password: '{MASK}', n"),
        ("-Password hunter2 /token:abc", f"-Password {MASK} /token:{MASK}"),
        ("https://ann:p@ss@host/x", f"https://ann:{MASK}@host/x"),
        ("app:hunter2@tcp(db:3306)/shop", f"app:{MASK}@tcp(db:3306)/shop"),
        ("url=http://h/?api_key=abc", f"url=http://h/?api_key={MASK}"),
        ("Authorization: Basic YW5uOmh1bnRlcjI=", f"Authorization: Basic {MASK}"),
        ("sent basic YW5uOmh1bnRlcjI= on", f"sent basic {MASK} on"),
    ],
)
def test_the_name_stays_and_the_value_goes(text: str, told: str) -> None:
    assert masked(text) == told


def test_masking_numbers_can_be_turned_off_and_gives_them_digits_where_they_stand_alone() -> None:
    card = "4000 0000 0000 0002"
    text = f"{card}, GB82WEST12345698765432 and 078-05-1120"
    assert masked(text, numbers=False) == text
    told, alone = mask_texts(pa.array([text, card]), b"key", numbers=True).to_pylist()
    assert told == "[secret], [secret] and [secret]"
    assert re.fullmatch(r"\[secret \w{12}\]", alone)


def test_a_mask_within_a_text_does_not_depend_on_the_key() -> None:
    texts = pa.array(["login with password=correct-horse-battery-staple, then Bearer " + "x1" * 30])
    one, other = (mask_texts(texts, key, numbers=True).to_pylist() for key in (b"a", b"b"))
    assert one == other
    assert "[secret]" in one[0]


@pytest.mark.parametrize(
    "part",
    [
        *("eyJ", "eyJaaaaaaaa.", "SG.", "-----BEGIN PRIVATE KEY", "password=", "password ", "a="),
        *(
            "--password ",
            "://a:",
            "https://",
            "curl -",
            "mysql ",
            "cookie: a=b; ",
            "GB82 ",
            "4000 ",
        ),
        *("basic aaaaaaaa", "<password ", '"', "\\", "PuTTY-User-Key-File-3", "a:b", "_", "a"),
    ],
)
def test_no_hostile_text_holds_a_run_up(part: str) -> None:
    texts = [f"{lead}{part * (60_000 // len(part))}" for lead in ("", "pin=1 AKIA ", "mysql curl ")]
    began = time.process_time()
    mask_texts(pa.array(texts), b"", numbers=True)
    assert time.process_time() - began < 5


def test_the_start_of_each_form_is_cheap_to_search() -> None:
    bounds = [int(n) for form in KEY_FORMS for n in re.findall(r"\{(?:\d+,)?(\d+)\}", form.start)]
    assert max(bounds) <= 9
