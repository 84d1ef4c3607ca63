"""Which names of keys and of parameters are those of secrets, in the languages that cameras and people speak."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

_WORDS = (
    "pass",  # password, passwd, passphrase, passcode, mot_de_passe, passord
    "pwd",
    "psw",
    "pswd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "streamkey",
    "credential",
    "signature",
    "auth",  # authorization, auth_token
    "jwt",
    "bearer",
    "login",
    *("kennwort", "wachtwoord", "losenord", "adgangskode", "contrasen", "senha", "parola", "haslo", "hasło", "heslo"),
    *(
        "jelszo",
        "salasana",
        "sifre",
        "matkhau",
        "sandi",
        "парол",
        "лозинка",
        "密码",
        "密碼",
        "口令",
        "パスワード",
        "暗証",
    ),
    *("kodeord", "lykilor", "lozinka", "geslo", "slaptazod", "parole", "parool", "wagwoord", "κωδικ"),
    *("암호", "비밀번호", "รหัสผ่าน", "סיסמה", "كلمةالمرور"),
)
"""A name that holds one of these is that of a secret."""
_NAMES = frozenset({"key", "pw", "pin", "sig", "sign", "hmac", "pas", "sid", "skey", "appkey", "mdp", "clave", "psk"})
"""Names that are too short to be looked for inside of others."""
_PARAMETERS = frozenset({"p", "ps", "code", "sk", "cred", "session", "sessionid", "mima"})
"""Names of secrets in a query alone; elsewhere they mean a probability and much else."""
_NO_SECRETS = frozenset(
    {
        "passes",
        "passing",
        "passed",
        "passage",
        "passages",
        "passenger",
        "passengers",
        "passive",
        "passband",
        "passthrough",
    }
    | {"bypass", "bypassed", "compass", "author", "authors", "keyframe"}
)
_FIELDS = (
    *(word for word in _WORDS if word not in {"pass", "auth", "login", "signature", "parole"}),
    *("passw", "passphrase", "passcode", "passord", "motdepasse", "authoriz", "cookie"),
)
"""Fields of any text with one of these hold secrets. Others of ``_WORDS`` do so in addresses alone: a state has its
``signature``, and a test how many ``pass``."""
_ABOUT = ("file", "path", "type", "name", "count", "length", "expires", "policy", "kind", "url", "hint")
"""A field that ends so tells something of a secret."""
_USERS = frozenset(
    {"u", "un", "usr", "uid", "user", "userid", "username", "account", "benutzer", "usuario", "utilisateur"}
)
_OF_STREAMS = re.compile(
    r"ch|chan|channel\w*|cam\w*|stream\w*|subtype|sub|profile\w*|unicast|multicast|proto\w*|transport\w*|res\w*|size"
    r"|fps|rate|bitrate|codec|quality|q|onvif|real_stream|mode|type|format|id|n|no|width|height|w|h|x|y|audio|video|ip"
    r"|port|action|cmd|command"
)
"""What stands beside a user in cameras' addresses and is no password."""
_PLAIN = re.compile(r"20\d\d-?\d\d-?\d\d(?:[T _-]?[\d:.-]*(?:Z|[+-][\d:]+)?)?|\d+x\d+|(?:[A-Za-z]+[_+ .-])+\d{1,3}")
"""A time, a size, or words with a number behind them."""
_WORD = re.compile(r"[^\W_]+")
_NUMBERED = frozenset({"p", "ps", "sid", "code", "session"})
_FEW_DIGITS = re.compile(r"[0-9]{1,2}")
"""No server takes so short a password or session, and hiding it hides which page or sensor was asked for."""
_ENCODINGS = 3
_SHORTEST = 6
"""Characters of a secret under a name of one letter; shorter values are numbers of channels and the like."""


def is_secret_name(name: str) -> bool:
    """Whether a key, or a parameter of an address, is named as those are that hold secrets."""
    return any(_is_secret(plain) for plain in _plain_forms(name))


def is_secret_field(name: str) -> bool:
    """Whether a field of JSON, of a header or of a command's options holds a secret, whatever its value."""
    return any(_is_field(plain) for plain in _plain_forms(name))


def is_secret_parameter(name: str, value: str) -> bool:
    """Whether a parameter of a query is a secret though its name alone does not say so.

    Makers of one letter (``?u=admin&w=``) mean a password where the value is one: letters with digits or signs.
    """
    plain = name.lower()
    if plain in _PARAMETERS:
        return True
    if plain == "streamid":  # of SRT it may be all that is asked for, of others it is a number
        return not value.isdigit() and len(value) >= _SHORTEST
    is_letter = len(plain) == 1 and plain.isalpha() and plain != "u"
    is_mixed = re.search(r"[^\W\d_]", value) is not None and re.search(r"[^A-Za-z_.+-]", value) is not None
    if _PLAIN.fullmatch(unquote(value)):
        return False
    return is_letter and is_mixed and len(value) >= _SHORTEST


def is_plain_number(name: str, value: str) -> bool:
    """Whether what may be a secret is the number of a page, a sensor or a stream: ``?p=2``, ``sid=7``."""
    return name.lower() in _NUMBERED and _FEW_DIGITS.fullmatch(value) is not None


def is_user_name(name: str) -> bool:
    """Whether a parameter holds the user, beside whom his password stands, whatever its name."""
    return name.lower() in _USERS


def may_follow_user(name: str) -> bool:
    """Whether what stands right behind the user may be the password: any name that none of a stream has."""
    return _OF_STREAMS.fullmatch(name.lower()) is None


def _plain_forms(name: str) -> tuple[str, str]:
    """The name as it is read, and without marks above and below its letters."""
    for _ in range(_ENCODINGS):
        decoded = unquote(name)
        if decoded == name:
            break
        name = decoded
    plain = unicodedata.normalize("NFKC", name).lower()
    apart = unicodedata.normalize("NFD", plain)
    return plain, "".join(sign for sign in apart if not unicodedata.combining(sign))


def _is_secret(plain: str) -> bool:
    words = _WORD.findall(plain)
    if not words:
        return False
    joined = "".join(words)
    if words[-1] in _NAMES or joined in _NAMES:
        return True
    candidates = "".join(word for word in words if word not in _NO_SECRETS)
    return any(secret in candidates for secret in _WORDS)


def _is_field(plain: str) -> bool:
    words = [word for word in _WORD.findall(plain) if word not in _NO_SECRETS]
    joined = "".join(words)
    if not words or joined.endswith(_ABOUT):
        return False
    return words[-1] in {"pass", "pwd"} or any(secret in joined for secret in _FIELDS)
