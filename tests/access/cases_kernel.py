"""Who may come in: the kernel's and the platform's own addresses."""

from __future__ import annotations

from datetime import date

from coop.kernel import outbox, tokens
from coop.kernel.models import FactorReset, Job, Office
from tests.access.harness import EVERYBODY, OFFICERS, Case, World
from tests.cast import make_officer


def build(world: World) -> None:
    world.mail = outbox.put(to="amara@example.org", subject="Hello", text="It works.", coop=world.coop)
    world.job = Job.objects.create(coop=world.coop, kind="test.nothing", title="Doing nothing", total=3, done=1)
    world.token, _secret = tokens.make(actor=world.mei, name="The shop’s till", reads_only=False, days=90)
    carol = make_officer(world.coop, "carol", "board")
    world.office = Office.objects.create(
        coop=world.coop, user=carol.user, role="treasurer", starts_on=date(2024, 1, 1), reason="board, 1 January"
    )
    world.reset = FactorReset.objects.create(
        coop=world.coop, user=carol.user, asked_by=world.mei.user, reason="She came to the shop."
    )


APPOINTERS = {"secretary", "board"}
VOUCHERS = {"secretary", "board", "treasurer", "returning_officer"}

CASES = [
    Case("door", EVERYBODY, inside=False, viewers=("anonymous", "member")),
    Case("found", set(), inside=False, denied=404),  # once a co-op is founded
    Case("outbox", EVERYBODY, inside=False),
    Case("outbox-mail", EVERYBODY, lambda w: {"pk": w.mail.pk}, inside=False),
    Case("livez", EVERYBODY, inside=False, html=False),
    Case("readyz", EVERYBODY, inside=False, html=False),
    Case("metrics", EVERYBODY, inside=False, html=False),
    Case("ui-reference", EVERYBODY, inside=False, viewers=("anonymous",)),  # closed in production: tests/look
    Case("tokens", EVERYBODY - {"anonymous"}, inside=False, login=True, viewers=("secretary", "member")),
    Case(
        "token-revoke",
        {"secretary"},
        lambda w: {"pk": w.token.pk},
        method="post",
        inside=False,
        login=True,
        denied=404,
    ),
    Case("home", EVERYBODY, viewers=("anonymous", "member", "former", "secretary", "treasurer", "board")),
    Case("desk", OFFICERS, viewers=("secretary", "treasurer", "board", "auditor")),
    Case("join", EVERYBODY, viewers=("anonymous",)),
    Case("join", EVERYBODY, query="?as=minor", viewers=("anonymous",)),
    Case("job", OFFICERS, lambda w: {"pk": w.job.pk}, denied=404),
    Case("audit", {"secretary", "board", "auditor"}),
    Case("offices", OFFICERS),
    Case("offices", APPOINTERS, method="post"),
    Case("office-end", APPOINTERS, lambda w: {"pk": w.office.pk}),
    Case("factor-resets", VOUCHERS),
    Case("factor-reset-confirm", VOUCHERS, lambda w: {"pk": w.reset.pk}, method="post"),
    Case("settings", {"secretary"}),
]
