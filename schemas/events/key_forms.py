"""Forms of keys and tokens that say by their beginning what they are.

Each is as its issuer documents it. A form has a start, which is looked for in all texts, and a
rest, which is looked at where the start was found. A start has no letter or digit before it.
"""

from typing import NamedTuple


class KeyForm(NamedTuple):
    """One form of a key, as two regular expressions that follow each other."""

    issuer: str
    start: str
    """Short, and without bounds above 9: RE2 searches every text for all starts at once."""
    rest: str


_WORD = "[A-Za-z0-9_-]"
_DOTS = "[A-Za-z0-9._-]"
_HEX = "[0-9a-fA-F]"
_BASE64 = "[A-Za-z0-9+/]"

KEY_FORMS = (
    KeyForm("AWS key id", "(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{4}", "[A-Z2-7]{12}(?![A-Za-z0-9])"),
    KeyForm("Alibaba key id", "LTAI[A-Za-z0-9]{4}", "[A-Za-z0-9]{8,26}"),
    KeyForm("Tencent key id", "AKID[A-Za-z0-9]{4}", "[A-Za-z0-9]{28}"),
    KeyForm("GitHub", "(?:gh[pousr]|github_pat)_", "[A-Za-z0-9_]{22,}"),
    KeyForm("GitLab", "gl(?:pat|dt|rt|ptt|cbt|ft|soat|imt|agent|oas)-", f"{_WORD}{{20,}}"),
    KeyForm("Slack", "xox[abcdeprs]-", "[A-Za-z0-9%-]{10,}"),
    KeyForm("Slack app", "xapp-", "[A-Za-z0-9-]{10,}"),
    KeyForm("Slack webhook", r"hooks\.slack\.com/", r"(?:services|workflows|triggers)/[\w/-]{20,}"),
    KeyForm("Discord webhook", r"discord(?:app)?\.com/api/webhooks/", rf"\d{{10,}}/{_WORD}{{40,}}"),
    KeyForm("Teams webhook", r"webhook\.office\.com/webhookb2/", r"[\w@/-]{40,}"),
    KeyForm("Zapier webhook", r"hooks\.zapier\.com/hooks/catch/", r"\d+/\w{6,}"),
    KeyForm("Telegram", r"[0-9]{8,9}[0-9]?:AA", f"{_WORD}{{32,}}"),
    KeyForm("Stripe", "(?:[sr]k_(?:live|test)|whsec)_", "[A-Za-z0-9+/=]{16,}"),
    KeyForm("Square", "sq0(?:atp|csp|idp)-", f"{_WORD}{{22,}}"),
    KeyForm("Shopify", "shp(?:at|ca|pa|ss)_", f"{_HEX}{{32}}"),
    KeyForm("OpenAI, Anthropic", "sk-", f"{_WORD}{{20,}}"),
    KeyForm("Groq", "gsk_", "[A-Za-z0-9]{40,}"),
    KeyForm("Replicate", "r8_", "[A-Za-z0-9]{37}"),
    KeyForm("Perplexity", "pplx-", "[A-Za-z0-9]{40,}"),
    KeyForm("Hugging Face", "hf_", "[A-Za-z0-9]{30,}"),
    KeyForm("Google API", "AIza", f"{_WORD}{{35}}"),
    KeyForm("Google OAuth", r"(?:ya29\.|GOCSPX-|1//0)", f"{_WORD}{{20,}}"),
    KeyForm("Azure client secret", "[A-Za-z0-9_~.]{3}8Q~", r"[A-Za-z0-9_~.-]{31,34}"),
    KeyForm("DigitalOcean", "do[por]_v1_", "[a-f0-9]{60,}"),
    KeyForm("Heroku", "HRKU-", f"{_WORD}{{30,}}"),
    KeyForm("Netlify", "nfp_", "[A-Za-z0-9]{36}"),
    KeyForm("Supabase", "sbp_", "[a-f0-9]{40}"),
    KeyForm("PlanetScale", "pscale_(?:tkn|pw|oauth)_", rf"{_DOTS}{{32,}}"),
    KeyForm("Databricks", "dapi[a-f0-9]{4}", r"[a-f0-9]{28}(?:-\d)?"),
    KeyForm("npm", "npm_", "[A-Za-z0-9]{36}"),
    KeyForm("PyPI", "pypi-AgE", f"{_WORD}{{50,}}"),
    KeyForm("RubyGems", "rubygems_", "[a-f0-9]{48}"),
    KeyForm("crates.io", "cio[A-Za-z0-9]{4}", "[A-Za-z0-9]{28}(?![A-Za-z0-9])"),
    KeyForm("NuGet", "oy2[a-z0-9]{4}", "[a-z0-9]{39}(?![A-Za-z0-9])"),
    KeyForm("Docker", "dckr_(?:pat|oat)_", f"{_WORD}{{20,}}"),
    KeyForm("Artifactory", "AKCp[A-Za-z0-9]{4}", "[A-Za-z0-9]{56,}"),
    KeyForm("Grafana", "(?:glsa|glc)_", "[A-Za-z0-9_+/=]{32,}"),
    KeyForm("Grafana, old", "eyJrIjoi", "[A-Za-z0-9]{40,}={0,2}"),
    KeyForm("Sentry", "sntry[su]_", r"[A-Za-z0-9+/=_-]{40,}"),
    KeyForm("New Relic", "NR(?:AK|JS|II)-", "[A-Za-z0-9]{19,}"),
    KeyForm("Dynatrace", r"dt0[a-z][0-9]{2}\.", r"[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    KeyForm("Vault", r"hv[sbr]\.", f"{_WORD}{{24,}}"),
    KeyForm("Terraform Cloud", r"[A-Za-z0-9]{9}[A-Za-z0-9]{5}\.atlasv1\.", f"{_WORD}{{60,}}"),
    KeyForm("Pulumi", "pul-", "[a-f0-9]{40}"),
    KeyForm("Doppler", r"dp\.(?:pt|st|ct|sa|scim|audit)\.", "[A-Za-z0-9.]{40,}"),
    KeyForm("Atlassian", "(?:ATATT3|ATCTT3|ATBB)", r"[A-Za-z0-9_=-]{20,}"),
    KeyForm("Postman", "PMAK-", "[a-f0-9]{24}-[a-f0-9]{34}"),
    KeyForm("Linear", "lin_api_", "[A-Za-z0-9]{40}"),
    KeyForm("Notion", "(?:secret|ntn)_", "[A-Za-z0-9]{40,}"),
    KeyForm("Figma", "figd_", f"{_WORD}{{40,}}"),
    KeyForm("Airtable", r"pat[A-Za-z0-9]{9}[A-Za-z0-9]{5}\.", "[a-f0-9]{64}"),
    KeyForm("HubSpot", "pat-(?:na|eu)[0-9]-", "[0-9a-f-]{36}"),
    KeyForm("Prefect", "pn[ub]_", "[A-Za-z0-9]{36}"),
    KeyForm("Tailscale", "tskey-[a-z]{4,6}-", "[A-Za-z0-9-]{16,}"),
    KeyForm("SendGrid", r"SG\.", rf"{_WORD}{{16,64}}\.{_WORD}{{16,}}"),
    KeyForm("Mailgun", "key-[0-9a-f]{4}", "[0-9a-f]{28}(?![A-Za-z0-9])"),
    KeyForm("Mailchimp", "[0-9a-f]{9}[0-9a-f]{9}[0-9a-f]{9}[0-9a-f]{5}-us", r"\d{1,2}"),
    KeyForm("Brevo", "xkeysib-", "[a-f0-9]{64}-[A-Za-z0-9]{16}"),
    KeyForm("Twilio", "SK[0-9a-f]{4}", "[0-9a-f]{28}(?![A-Za-z0-9])"),
    KeyForm("age", "AGE-SECRET-KEY-1", "[A-Z0-9]{58}"),
    KeyForm("JWT", "eyJ[A-Za-z0-9_-]", rf"{_WORD}{{7,4096}}\.eyJ{_WORD}{{8,}}\.{_WORD}{{8,}}"),
    KeyForm("Bearer", r"(?i:bearer)[ \t]", r"[ \t]*[A-Za-z0-9._~+/-]{16,}=*"),
    KeyForm(
        "private key",
        r"-----BEGIN [A-Z ]*PRIVATE KEY",
        r"(?: BLOCK)?-----(?s:.*?-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|.*)",
    ),
    KeyForm(
        "PuTTY private key",
        r"PuTTY-User-Key-File-[0-9]",
        rf"(?s:.*?Private-MAC: {_HEX}+|.*)",
    ),
)
"""Long-lived names of keys, such as an AWS key id, are among them: with them begins a search."""

AWS_KEY_ID = KEY_FORMS[0]
"""Where it is the whole value, it says who acted, as in CloudTrail, and stays."""
