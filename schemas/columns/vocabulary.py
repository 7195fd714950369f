"""Infers from the words of a column's name what its values are, by the vocabulary of logs.

The vocabulary is general (English, with the common German and French words); no rule here knows a
single data set. A name never decides alone: the values count too.
"""

import re
import unicodedata

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_UMLAUTS = {ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss"}
_SEPARATORS = re.compile(r"[\W_]+")


def _vocabulary(text: str) -> frozenset[str]:
    return frozenset(text.split())


IDENTIFIERS = _vocabulary("id ids uid guid uuid")
"""Last words that make a column name things rather than describe them."""

RECORDS = _vocabulary(
    "event record log row entry message msg request req transaction txn tx alert trace span line"
    " audit ereignis vorgang evenement enregistrement"
)
"""What an id of the record itself is called after."""

ENTITIES = _vocabulary(
    "user username login principal actor owner employee person subject member account acct customer"
    " client clientid userid customerid card pan iban merchant terminal device sensor machine asset"
    " host hostname server node workstation computer instance pod container ip ipaddr ipaddress ip4"
    " ip6 ipv4 ipv6 addr address mac session sessionid cookie token key arn pid ppid tid thread"
    " email mail phone sender recipient domain vm bucket tenant subscriber visitor identity"
    " fingerprint hash md5 sha1 sha256 checksum serial"
    " benutzer benutzername nutzer kunde kunden kundennummer konto kontonummer karte geraet"
    " rechner sitzung adresse quelladresse zieladresse mitarbeiter absender empfaenger"
    " utilisateur compte carte hote poste machine appareil employe expediteur destinataire"
)
"""Who or what acts: the context that the other columns are judged in."""

_NUMBERED = _vocabulary("no nr number num nummer numero")
_ENTITY_TAILS = IDENTIFIERS | _NUMBERED | _vocabulary("name names key nom")

_PROCESS_IDS = _vocabulary("pid ppid tid procid processid threadid thread tgid")
_PROCESSES = _vocabulary("process proc thread prozess processus")

_PORTS = _vocabulary("port sport dport srcport dstport")

CODES = _vocabulary(
    "code codes status state type class category level severity priority port version"
    " kind mode method action activity operation opcode protocol proto event result outcome"
    " response zip zipcode postal postcode plz region zone channel rank grade label cluster group"
    " errno syscall syscalls facility vlan asn mcc sport dport srcport dstport exitcode"
    " returncode retcode rc statuscode errorcode errcode eventcode eventid prefix bin iin first6"
    " stufe klasse typ art aktion ergebnis kategorie niveau classe etat categorie resultat"
)
"""Integers so called are names in disguise: 404 is not twice 202."""

QUANTITIES = _vocabulary(
    "count counts total sum amount bytes packets pkts size length len duration latency"
    " elapsed ms sec secs seconds minutes hours rate ratio share percent pct score price cost value"
    " balance age weight mean avg min max std median speed temperature lat lon lng latitude"
    " longitude volume quantity qty attempts retries hits interval delay wait uptime"
    " distance depth width height salary income revenue fee tax rating days years"
    " anzahl menge betrag preis dauer groesse laenge summe wert alter gewicht anteil"
    " nombre montant prix duree taille longueur somme valeur poids quantite"
)
"""Integers so called are counted or measured, even where a sample holds only 0 and 1."""

TEXTS = _vocabulary(
    "message msg text description desc comment comments note notes body content subject title"
    " summary detail details reason agent useragent url uri path query referer referrer command cmd"
    " cmdline commandline args arguments params parameters elements payload request resource file"
    " filename sql statement script raw template trace stacktrace exception error log line prompt"
    " nachricht meldung beschreibung betreff kommentar pfad anfrage befehl grund ressource"
    " commentaire objet requete chemin commande motif fichier"
)
"""Strings so called are read by their words and characters."""

TIMES = _vocabulary(
    "time timestamp ts date datetime at when created occurred logged epoch eventtime"
    " start started end ended begin finish finished"
    " zeit zeitstempel zeitpunkt datum uhrzeit heure horodatage horodate"
)
EVENT_TIMES = _vocabulary(
    "time timestamp ts datetime eventtime eventtimestamp zeitstempel zeitpunkt horodatage horodate"
)
"""Names, taken whole or after `event`, of the time that the event itself happened."""

LATER_TIMES = _vocabulary(
    "received ingested ingest ingestion inserted indexed processed loaded updated modified"
    " deleted exported end ended finish finished"
)
"""Words that say a moment near the event's own, for want of a better one."""

OTHER_TIMES = _vocabulary(
    "expires expire expiry expiration birth born birthday dob geburt naissance"
)
"""Words that say a moment which has nothing to do with the event."""

CALENDAR = _vocabulary(
    "year month day hour minute weekday dow week quarter jahr monat tag stunde wochentag annee mois"
    " jour"
)

YES_NO = _vocabulary("is has was can did should allow enabled disabled ist hat est")

SECRETS = _vocabulary(
    "password passwd passwort pwd passphrase passcode secret secrets token tokens key keys apikey"
    " accesskey credential credentials auth authorization cookie session pin cvv cvc ssn iban pan"
    " signature private geheimnis kennwort motdepasse mdp passe jeton"
)
"""A value in a column so called is not repeated where people may read it."""

_PASSWORDS = _vocabulary(
    "password passwd passwort pwd passphrase passcode kennwort mdp motdepasse secret geheimnis pin"
    " cvv cvc ssn"
)
_TOKENS = _vocabulary("token cookie credential credentials authorization apikey accesskey jeton")
_KEYS = _vocabulary("api access secret private signing encryption auth master")
_DRESSES = _vocabulary(
    "value hash plain plaintext text raw header hdr items string str encrypted hex b64"
)
"""Last words that say in which dress the secret comes."""


def words(name: str) -> tuple[str, ...]:
    """Split a column name into plain lower-case words.

    Examples
    --------
    >>> words("userIdentity.sourceIPAddress")
    ('user', 'identity', 'source', 'ip', 'address')
    >>> words("Gerät_Größe")
    ('geraet', 'groesse')
    """
    spelt = name.translate(_UMLAUTS)
    plain = "".join(c for c in unicodedata.normalize("NFKD", spelt) if not unicodedata.combining(c))
    parted = _SEPARATORS.split(_CAMEL.sub("_", plain))
    return tuple(word.casefold() for word in parted if word)


def tail(name: str) -> str:
    """Give the last word: what the column holds, where the words before say of what."""
    return (words(name) or ("",))[-1]


def entity_word(name: str) -> str | None:
    """Give the word by which the name is that of a user, host, card or the like, if it is.

    `user_name`, `src_ip` and `card` are; `user_agent`, `host_count` and `client_version` describe
    one, but are not its name.
    """
    parts = words(name)
    if not parts or parts[-1] not in ENTITIES | _ENTITY_TAILS:
        return None
    return next((word for word in reversed(parts) if word in ENTITIES), None)


def names_record(name: str) -> bool:
    """Tell whether the name is that of the record's own id: `id`, `event_id`, `metadata.uid`."""
    parts = words(name)
    if not says_identifier(name):
        return False
    return all(word in RECORDS | IDENTIFIERS | {"metadata", "unique"} for word in parts[-2:])


def says_identifier(name: str) -> bool:
    """Tell whether the name ends, or in the Romance way begins, as an identifier does."""
    parts = words(name) or ("",)
    return parts[-1] in IDENTIFIERS or (len(parts) == 2 and parts[0] in IDENTIFIERS)


def says_code(name: str) -> bool:
    """Tell whether numbers under this name are codes: names written as numbers."""
    parts = words(name)
    return any(word in CODES for word in parts[-2:]) and tail(name) in CODES | _ENTITY_TAILS


def names_port(name: str) -> bool:
    """Tell whether the name is that of a network port.

    Examples
    --------
    >>> [names_port(name) for name in ("src_port", "dport", "id.orig_p", "report")]
    [True, True, False, False]
    """
    return tail(name) in _PORTS


def names_process(name: str) -> bool:
    """Tell whether the name is that of a process or thread by the number that it runs under.

    Examples
    --------
    >>> [names_process(name) for name in ("ppid", "ProcessId", "process.guid", "process_name")]
    [True, True, False, False]
    """
    parts = words(name) or ("",)
    numbered = parts[-1] in _NUMBERED or parts[-1] == "id"
    return parts[-1] in _PROCESS_IDS or (numbered and not _PROCESSES.isdisjoint(parts))


def says_quantity(name: str) -> bool:
    """Tell whether numbers under this name are counted or measured."""
    parts = words(name)
    return bool(parts) and (
        parts[-1] in QUANTITIES or parts[0] in {"num", "n", "count", "total", "nb", "anzahl"}
    )


def says_text(name: str) -> bool:
    """Tell whether strings under this name are to be read by their words."""
    return tail(name) in TEXTS


def says_yes_or_no(name: str) -> bool:
    """Tell whether the name asks a question that yes or no answers."""
    return any(word in YES_NO for word in words(name)[:1] + words(name)[-1:])


def says_moment(name: str) -> bool:
    """Tell whether the name is that of a point in time."""
    return any(word in TIMES for word in words(name)) and not says_quantity(name)


def event_time_rank(name: str) -> int:
    """Rank a name as that of the event's own time: 3 surely, 2 perhaps, 1 nearly, 0 certainly not.

    Examples
    --------
    >>> [event_time_rank(name) for name in ("eventTime", "opened", "ingested_at", "birth_date")]
    [3, 2, 1, 0]
    """
    parts = [word for word in words(name) if word not in RECORDS]
    if any(word in OTHER_TIMES for word in parts):
        return 0
    if any(word in LATER_TIMES for word in parts):
        return 1
    return 3 if len(parts) == 1 and parts[0] in EVENT_TIMES else 2


def says_calendar(name: str) -> bool:
    """Tell whether the name is that of a part of a date."""
    parts = [word for word in words(name) if word not in RECORDS | {"partition"}]
    return len(parts) == 1 and parts[0] in CALENDAR


def suggests_secret(name: str) -> bool:
    """Tell whether values under this name should not be repeated where people may read them.

    Examples
    --------
    >>> suggests_secret("requestParameters.masterUserPassword"), suggests_secret("service")
    (True, False)
    """
    return any(word in SECRETS for word in words(name))


def names_password(name: str) -> bool:
    """Tell whether a column so called holds passwords, PINs or the like, words or numbers.

    Examples
    --------
    >>> [names_password(name) for name in ("user.Password", "passwd_hash", "password_age_days")]
    [True, True, False]
    """
    parts = _undressed(name)
    return bool(parts) and parts[-1] in _PASSWORDS


def names_token(name: str) -> bool:
    """Tell whether a column so called holds tokens, keys or cookies that grant access.

    Examples
    --------
    >>> [names_token(name) for name in ("x-api-key", "access_token", "accessKeyId", "token_type")]
    [True, True, False, False]
    """
    parts = _undressed(name)
    keyed = len(parts) > 1 and parts[-1] == "key" and parts[-2] in _KEYS
    return bool(parts) and (parts[-1] in _TOKENS or keyed)


def _undressed(name: str) -> tuple[str, ...]:
    parts = words(name)
    while len(parts) > 1 and parts[-1] in _DRESSES:
        parts = parts[:-1]
    return parts
