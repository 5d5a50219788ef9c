"""Of secrets in prompts none reaches another machine, code stays what it was, and the user is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from remote_engine import SECRET, chunks_of, delta, fake_engine, job, remote_backend, stream

from llama_assist.backends.choose import as_sent
from llama_assist.backends.remote.redact import STAND_IN, Redactor
from llama_assist.prompt.chat import build_chat
from llama_assist.types import Job, Message, Prompt, SamplingParams, Special

TAIL = "0123456789abcdefABCDEF0123456789"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\nMIIE{TAIL}\n{TAIL}\n-----END RSA PRIVATE KEY-----"
JWT = f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkw.{TAIL}"

# Text and the secret in it.
SECRETS = [
    (f"key = '''{PEM}'''\nprint(1)", f"MIIE{TAIL}"),
    (f"{PEM[:60]}", f"MIIE{TAIL[:20]}"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n", "b3BlbnNzaC1rZXk"),
    ("-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQOYBGV4\n-----END PGP PRIVATE KEY BLOCK-----", "lQOYBGV4"),
    ("engine = create_engine('postgresql://alice:hunter2@db.example/sales')", "hunter2"),
    ("!git clone https://bob:s3cr3tpw@git.example/repo.git", "s3cr3tpw"),
    ("redis = 'redis://:onlypassword@cache:6379/0'", "onlypassword"),
    ('MONGO = "mongodb+srv://u:p%40ss@cluster0.example"', "p%40ss"),
    (f"url = 'https://api.example/v1?limit=3&api_key={TAIL}'", TAIL),
    (f"requests.get('https://x.example/?access_token={TAIL}&page=2')", TAIL),
    (f"blob = 'https://store.example/c/f.csv?sv=2022&sig={TAIL}'", TAIL),
    ("aws = 'AKIAIOSFODNN7EXAMPLE'", "AKIAIOSFODNN7EXAMPLE"),
    ("s = 'ASIAIOSFODNN7EXAMPLE'", "ASIAIOSFODNN7EXAMPLE"),
    (f"t = '{SECRET}'", SECRET),
    ("t = 'gho_0123456789abcdefghij0123456789'", "gho_0123456789abcdefghij0123456789"),
    ("t = 'github_pat_11ABCDEFG0123456789_abcdefghijk'", "github_pat_11ABCDEFG0123456789_abcdefghijk"),
    ("t = 'glpat-abcdefghij0123456789'", "glpat-abcdefghij0123456789"),
    ("t = 'xoxb-123456789012-abcdefghijkl'", "xoxb-123456789012-abcdefghijkl"),
    ("t = 'hf_abcdefghijklmnopqrstuvwxyz012345'", "hf_abcdefghijklmnopqrstuvwxyz012345"),
    ("t = 'npm_abcdefghijklmnopqrstuvwxyz0123456789'", "npm_abcdefghijklmnopqrstuvwxyz0123456789"),
    ("t = 'pypi-AgEIcHlwaS5vcmcCJDU3abcdef'", "pypi-AgEIcHlwaS5vcmcCJDU3abcdef"),
    ("t = 'gsk_abcdefghijklmnopqrstuvwxyz'", "gsk_abcdefghijklmnopqrstuvwxyz"),
    (f"openai.api_base = 'x'; k = 'sk-{TAIL}'", f"sk-{TAIL}"),
    (f"k = 'sk-proj-{TAIL}-{TAIL}'", f"{TAIL}-{TAIL}"),
    (f"k = 'sk-ant-api03-{TAIL}-{TAIL}AA'", f"{TAIL}-{TAIL}AA"),
    (f"stripe = 'sk_live_{TAIL}'", f"sk_live_{TAIL}"),
    ("g = 'AIzaSyA0123456789abcdefghijklmnopqrstuv'", "AIzaSyA0123456789abcdefghijklmnopqrstuv"),
    (f"j = '{JWT}'", JWT),
    (f"headers = {{'Authorization': 'Bearer {TAIL}'}}", TAIL),
    ("headers = {'Authorization': 'Basic dXNlcjpwYXNzd29yZA=='}", "dXNlcjpwYXNzd29yZA"),
    (f'curl -H "Authorization: bearer {TAIL}" https://x.example', TAIL),
    ("password = 'hunter2'", "hunter2"),
    ('PASSWORD="pw with spaces"', "pw with spaces"),
    ("db_password: str = 'hunter2'", "hunter2"),
    ("connect(host='db', user='me', password='hunter2')", "hunter2"),
    ("conf = {'password': 'hunter2', 'port': 1}", "hunter2"),
    ('{"client_secret": "abc-def"}', "abc-def"),
    ("os.environ['API_TOKEN'] = 'abcdef'", "abcdef"),
    ('os.environ["OPENAI_API_KEY"] = "abcdef"', "abcdef"),
    ("os.environ.setdefault('DB_PASSWORD', 'hunter2')", "hunter2"),
    ("monkeypatch.setenv('SECRET_KEY', 'hunter2')", "hunter2"),
    ("secret_key = b'bytes-are-secret'", "bytes-are-secret"),
    ("token = f'abc-{x}-def'", "abc-{x}-def"),
    ("passphrase = '''open sesame'''", "open sesame"),
    ("password = 'hunt", "hunt"),  # the cursor stands inside it
    ("%env API_KEY=abcdef123", "abcdef123"),
    ("export DB_PASSWORD=hunter22", "hunter22"),
    ("!export DB_PASSWORD=hunter22", "hunter22"),
    ("password: hunter22", "hunter22"),
    ("# password: hunter22", "hunter22"),
    ("AWS_SECRET_ACCESS_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'", "wJalrXUtnFEMI"),
    ("print('correct horse battery')", "correct horse battery"),  # from the environment
]
HARMLESS = [
    "password = getpass.getpass()",
    "password = os.environ['PASSWORD']",
    "token = os.getenv('TOKEN')",
    "api_key = None",
    "tokenizer = AutoTokenizer.from_pretrained('gpt2')",
    "tokens = text.split(' ')",
    "num_tokens = len(tokens)",
    "max_tokens=256, temperature=0.2",
    "for key in sorted(counts):\n    print(key)",
    "df.groupby('key')['value'].mean()",
    "pd.merge(a, b, on='key', how='left')",
    "if password == other:\n    pass",
    "def login(user: str, password: str) -> None:\n    ...",
    "s3 = boto3.client('s3')",
    "url = 'https://example.org/data/file.csv?page=2'",
    "x: int = 3\ny = 'a:b@c'",
    "sk = SelectKBest(k=10)",
    "plt.plot(x, y, label='secret sauce')",
    "sort(key=lambda pair: pair[1])",
    "key = 'name'",
    "git@example.org:team/repo.git",
    "# Basic statistics of the bearer instruments",
    "title = 'Basic understanding'",
]


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor({"MY_PASSWORD": "correct horse battery", "HOME": "print", "SSH_KEY": "/home/me/.ssh/id"})


def redacted(redactor: Redactor, text: str) -> str:
    return redactor.redact([text]).texts[0]


@pytest.mark.parametrize(("text", "secret"), SECRETS, ids=lambda value: str(value)[:24])
def test_a_secret_is_left_out(redactor: Redactor, text: str, secret: str) -> None:
    assert secret in text
    result = redactor.redact([text])
    assert secret not in result.texts[0]
    assert STAND_IN in result.texts[0]
    assert sum(result.kinds.values()) >= 1


@pytest.mark.parametrize("text", HARMLESS)
def test_code_without_a_secret_stays_as_it_is(redactor: Redactor, text: str) -> None:
    assert redactor.redact([text]).texts == (text,)


def test_only_the_value_goes(redactor: Redactor) -> None:
    assert redacted(redactor, "connect(user='me', password='hunter2', port=1)") == (
        f"connect(user='me', password='{STAND_IN}', port=1)"
    )
    assert redacted(redactor, "postgresql://alice:hunter2@db/x") == f"postgresql://alice:{STAND_IN}@db/x"


@pytest.mark.parametrize("cut", range(len(PEM)))
def test_a_secret_across_the_cursor_leaves_no_part_on_either_side(redactor: Redactor, cut: int) -> None:
    before, after = redactor.redact([f"a = '{PEM[:cut]}", f"{PEM[cut:]}'\nb"]).texts
    assert TAIL[:8] not in before + after
    assert before.startswith("a = '")
    assert after.endswith("'\nb")
    assert (before + after).count(STAND_IN) == 1


def test_redacting_twice_changes_nothing_more(redactor: Redactor) -> None:
    for text, _ in SECRETS:
        once = redacted(redactor, text)
        assert redacted(redactor, once) == once


@pytest.mark.parametrize(
    "unit", ["a.", "sk-", "-eyJ", "a-b:", "x://", "password", "api_key_", "-----BEGIN ", "'", '="', "\\"]
)
def test_no_text_is_slow_to_search(redactor: Redactor, unit: str) -> None:
    # A hundred thousand characters: what is searched in more than linear time would not come back.
    assert redactor.redact([unit * (100_000 // len(unit))])


async def test_no_secret_reaches_an_engine_elsewhere_and_the_first_chunk_says_so(tmp_path: Path) -> None:
    context = "\n".join(text for text, _ in SECRETS)
    prompt = Prompt(
        (Special("<|fim_prefix|>"), context, Special("<|fim_suffix|>"), f"t = '{SECRET}'", Special("<|fim_middle|>")),
        "password = 'hunt",
    )
    order = Job(prompt, SamplingParams(max_tokens=4), "inline")
    async with (
        fake_engine(stream("x"), model="qwen2.5-coder-7b") as engine,
        remote_backend(engine, tmp_path, secret=True, model="qwen2.5-coder-7b") as backend,
    ):
        first, *_ = await chunks_of(backend, order)
        sent = engine.posts[0].body["prompt"]
        assert not [secret for _, secret in SECRETS if secret in sent]
        assert first.debug is not None
        kinds = first.debug["redacted"]
        assert isinstance(kinds, dict)
        remote = backend.status().remote
        assert remote is not None
        assert sum(kinds.values()) == remote.redacted > 30
        assert f"{remote.redacted} secrets were left out" in backend.status().detail


async def test_each_message_of_a_chat_is_cleared(tmp_path: Path) -> None:
    async with fake_engine(stream("x", of=delta)) as engine, remote_backend(engine, tmp_path, secret=True) as backend:
        info = await backend.describe()
        prompt = build_chat(info, [Message("system", f"t = '{SECRET}'"), Message("user", "password = 'hunter2'")])
        await chunks_of(backend, Job(prompt, SamplingParams(max_tokens=4)))
        assert SECRET not in json.dumps(engine.posts[0].body)
        assert "hunter2" not in json.dumps(engine.posts[0].body)
        assert SECRET not in json.dumps([str(part) for part in backend.outgoing(prompt).segments])
        assert as_sent(backend, "password = 'hunter2'") == f"password = '{STAND_IN}'"


async def test_nothing_is_left_out_for_an_engine_on_this_machine(tmp_path: Path) -> None:
    async with fake_engine(stream("x")) as engine, remote_backend(engine, tmp_path) as backend:
        first, *_ = await chunks_of(backend, job(f"t = '{SECRET}'"))
        assert SECRET in engine.posts[0].body["prompt"]
        assert first.debug is not None
        assert "redacted" not in first.debug
