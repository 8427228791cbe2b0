"""What the treasurer fills in for patronage and plans. Shape is checked here, rules by the services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ledger.fields import AmountField, NumbersField, RateField
from ledger.units import Measure, Unit

OF = (
    ("surplus", gettext_lazy("the whole surplus")),
    ("patronage", gettext_lazy("the part earned with members")),
    ("nonpatronage", gettext_lazy("the part earned elsewhere")),
    ("remaining", gettext_lazy("what is left at this line")),
)
BOUNDS = (("minimum", gettext_lazy("at least: round up")), ("maximum", gettext_lazy("at most: round down")))
NOTICES = (
    ("none", gettext_lazy("all in cash")),
    ("nonqualified", gettext_lazy("the rest is kept as the member’s capital")),
    ("qualified", gettext_lazy("the rest is kept, by a qualified notice (United States)")),
)
SIZES = (("percent", gettext_lazy("a percentage")), ("amount", gettext_lazy("a fixed amount")))


def _choose(form: forms.Form, name: str, choices: Sequence[tuple[Any, Any]]) -> None:
    """What one choice field of a form offers."""
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        field.choices = choices


class ImportForm(forms.Form):
    """A file with the year's figures."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("One line a member: the member number and the amount. Up to 32 MB."),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )
    year = forms.TypedChoiceField(label=gettext_lazy("Year the figures belong to"), coerce=int)
    unit = forms.ChoiceField(label=gettext_lazy("What the amounts measure"), choices=Unit.choices)
    pool = forms.CharField(
        label=gettext_lazy("What it is called"),
        max_length=60,
        initial="purchases",
        help_text=gettext_lazy("Used where the file has no column for the department."),
    )
    member_column = forms.CharField(label=gettext_lazy("Column with the member number"), max_length=80, required=False)
    amount_column = forms.CharField(label=gettext_lazy("Column with the amount"), max_length=80, required=False)
    pool_column = forms.CharField(label=gettext_lazy("Column with the department"), max_length=80, required=False)
    replaces = forms.TypedChoiceField(label=gettext_lazy("It replaces"), coerce=int, required=False, empty_value=None)

    def __init__(self, *args, years: Sequence[tuple[int, str]], recorded: Sequence[tuple[int, str]] = (), **kwargs):
        super().__init__(*args, **kwargs)
        _choose(self, "year", years)
        _choose(self, "replaces", [("", _("nothing; it is added")), *recorded])
        if not recorded:
            del self.fields["replaces"]
        if self.is_bound:  # shown again: something is wrong with it
            self.fields["file"].help_text = _("Choose the file once more: browsers do not keep it.")

    @property
    def columns(self) -> dict[str, str]:
        """The headings the treasurer named, where the file's are not recognised."""
        return {name: self.cleaned_data.get(f"{name}_column", "") for name in ("member", "amount", "pool")}


class ReasonForm(forms.Form):
    """Why something is undone, taken back or voided."""

    because = forms.CharField(label=gettext_lazy("Why"), max_length=300)


class CorrectionForm(forms.Form):
    """One member's figure set right."""

    number = forms.IntegerField(label=gettext_lazy("Member number"), min_value=1)
    pool = forms.ChoiceField(label=gettext_lazy("Where"))
    quantity = AmountField(label=gettext_lazy("The right figure for the year"))
    because = forms.CharField(label=gettext_lazy("Why"), max_length=300)

    def __init__(self, *args, pools: Sequence, currency: str, **kwargs):
        super().__init__(*args, **kwargs)
        _choose(self, "pool", [(pool.pool, pool.label) for pool in pools])
        chosen = self.data.get(self.add_prefix("pool")) or (pools[0].pool if pools else "")
        unit = next((pool.unit for pool in pools if pool.pool == chosen), Unit.MONEY)
        quantity = self.fields["quantity"]
        assert isinstance(quantity, AmountField)  # noqa: S101 - says to the checker what stands above
        quantity.measure = Measure(unit, currency)


class ResolutionForm(forms.Form):
    """The motion that carried a plan."""

    resolution = forms.TypedChoiceField(label=gettext_lazy("Resolution of the members"), coerce=int)

    def __init__(self, *args, resolutions, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["resolution"].choices = [
            (each.pk, f"{each.number} · {each.decided_on:%d.%m.%Y} · {each.title}") for each in resolutions
        ]


class SeenForm(forms.Form):
    """An approval names the plan that was read: its hash travels with the page."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    read = forms.BooleanField(label=gettext_lazy("I have read this plan line by line"))


class _InCurrency(forms.Form):
    """A form whose amounts are in the co-op's money."""

    def __init__(self, *args, currency: str, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, AmountField):
                field.measure = Measure(Unit.MONEY, currency)


class AppropriationForm(_InCurrency):
    """One line that comes off before the members: a reserve, a fund, a tax."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80, required=False)
    size = forms.ChoiceField(label=gettext_lazy("How much"), choices=SIZES, initial="percent")
    percent = RateField(label=gettext_lazy("Per cent"), required=False)
    of = forms.ChoiceField(label=gettext_lazy("Of"), choices=OF, initial="surplus")
    amount = AmountField(label=gettext_lazy("Amount"), required=False)
    account = forms.ChoiceField(label=gettext_lazy("Goes to account"), required=False)
    bound = forms.ChoiceField(label=gettext_lazy("The law or by-laws say"), choices=BOUNDS, initial="minimum")
    at_least = AmountField(label=gettext_lazy("But no less than"), required=False)
    at_most = AmountField(label=gettext_lazy("But no more than"), required=False)
    balance = AmountField(label=gettext_lazy("The fund holds now"), required=False)
    target = AmountField(label=gettext_lazy("It is full at"), required=False)

    LIMITS = ("bound", "at_least", "at_most", "balance", "target")

    def __init__(self, *args, accounts: Sequence[tuple[str, str]], **kwargs):
        super().__init__(*args, **kwargs)
        self.accounts = accounts
        _choose(self, "account", [("", _("choose")), *accounts])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if self.has_changed() and not said.get("name"):
            self.add_error("name", _("Give this line a name, or leave all of it empty."))
        size = said.get("size", "percent")
        if said.get("name") and said.get(size) in (None, "") and size not in self.errors:
            self.add_error(size, _("Say how much."))
        if said.get("name") and not said.get("account"):
            said["account"] = self._of_the_same_name(said["name"])
        if (said.get("balance") is None) != (said.get("target") is None):
            self.add_error("target", _("Give both: what the fund holds, and at which amount it is full."))
        return said

    def _of_the_same_name(self, name: str) -> str:
        """The account called exactly as the line is; where none or several are, it has to be chosen."""
        named = ((code, label.partition(" ")[2]) for code, label in self.accounts)
        same = [code for code, called in named if called.casefold() == name.casefold()]
        return same[0] if len(same) == 1 else ""

    @property
    def limits(self) -> list:
        return [self[name] for name in self.LIMITS]

    @property
    def has_limits(self) -> bool:
        return any(self[name].value() not in (None, "", "minimum") for name in self.LIMITS)

    def term(self) -> dict[str, Any] | None:
        """The line as the plan's terms hold it, or None for an empty one."""
        said = self.cleaned_data
        if not said.get("name"):
            return None
        term: dict[str, Any] = {"name": said["name"], "account": said.get("account", "")}
        if said["size"] == "percent":
            term |= {"percent": said["percent"], "of": said["of"], "bound": said["bound"]}
        else:
            term["amount"] = said["amount"]
        term |= {name: said[name] for name in ("at_least", "at_most") if said.get(name) is not None}
        if said.get("target") is not None:
            term["until"] = {"balance": said["balance"], "target": said["target"]}
        return term


class PoolForm(_InCurrency):
    """One pool that is shared by what members did."""

    name = forms.ChoiceField(label=gettext_lazy("Shared by"))
    size = forms.ChoiceField(
        label=gettext_lazy("How much"),
        choices=[("", gettext_lazy("nothing")), ("rest", gettext_lazy("all that is left")), *SIZES],
        required=False,
    )
    percent = RateField(label=gettext_lazy("Per cent of what is left"), required=False)
    amount = AmountField(label=gettext_lazy("Amount"), required=False)

    def __init__(self, *args, pools: Sequence[tuple[str, str]], **kwargs):
        super().__init__(*args, **kwargs)
        _choose(self, "name", pools)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        size = said.get("size")
        if size in ("percent", "amount") and said.get(size) in (None, "") and size not in self.errors:
            self.add_error(size, _("Say how much."))
        return said

    def term(self) -> dict[str, Any] | None:
        said = self.cleaned_data
        size = said.get("size")
        if not size:
            return None
        return {"name": said["name"], size: True if size == "rest" else said[size]}


class PlanForm(_InCurrency):
    """The plan beside its lines: the result, interest, and how members are paid."""

    title = forms.CharField(
        label=gettext_lazy("The plan in a few words"),
        max_length=80,
        help_text=gettext_lazy("For example: Half and half."),
    )
    patronage = AmountField(label=gettext_lazy("Earned with members"), signed=True)
    nonpatronage = AmountField(label=gettext_lazy("Earned elsewhere"), required=False)
    losses_carried = AmountField(label=gettext_lazy("Losses of earlier years"), required=False)
    rate = RateField(
        label=gettext_lazy("Interest on paid-up shares, per cent"),
        required=False,
        help_text=gettext_lazy("Leave empty for none. Rounded down for each member."),
    )
    cap = RateField(label=gettext_lazy("No more than, per cent"), required=False)
    notice = forms.ChoiceField(label=gettext_lazy("How refunds are paid"), choices=NOTICES)
    cash_percent = RateField(label=gettext_lazy("In cash, per cent"), initial="100")
    minimum_cash_percent = RateField(
        label=gettext_lazy("Cash under a qualified notice at least, per cent"), required=False
    )
    de_minimis = AmountField(
        label=gettext_lazy("Smaller cash parts wait for next year, under"),
        required=False,
    )
    no_consent = NumbersField(
        label=gettext_lazy("Members without consent to a qualified notice"), required=False, max_length=20_000
    )

    RESULT = ("patronage", "nonpatronage", "losses_carried")
    INTEREST = ("rate", "cap")
    SETTLEMENT = ("notice", "cash_percent", "de_minimis")
    QUALIFIED = ("minimum_cash_percent", "no_consent")

    def part(self, names: Sequence[str]) -> list:
        return [self[name] for name in names]

    @property
    def result_part(self) -> list:
        return self.part(self.RESULT)

    @property
    def interest_part(self) -> list:
        return self.part(self.INTEREST)

    @property
    def settlement_part(self) -> list:
        return self.part(self.SETTLEMENT)

    @property
    def qualified_part(self) -> list:
        return self.part(self.QUALIFIED)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("notice") == "none" and said.get("cash_percent") not in (None, "", "100"):
            raise ValidationError(_("“All in cash” means 100 per cent in cash."))
        return said

    def terms(self) -> dict[str, Any]:
        """What the plan's terms hold beside its lines."""
        said = self.cleaned_data
        settlement: dict[str, Any] = {"cash_percent": said["cash_percent"], "notice": said["notice"]}
        if said["de_minimis"]:
            settlement["de_minimis"] = said["de_minimis"]
        if said["notice"] == "qualified":
            if said["minimum_cash_percent"]:
                settlement["minimum_cash_percent"] = said["minimum_cash_percent"]
            if said["no_consent"]:
                settlement["no_consent"] = [str(number) for number in said["no_consent"]]
        interest = {"rate": said["rate"]} | ({"cap": said["cap"]} if said["cap"] else {})
        return {
            "result": {name: said[name] or 0 for name in self.RESULT},
            "share_interest": interest if said["rate"] else None,
            "settlement": settlement,
        }


Appropriations = formset_factory(AppropriationForm, formset=BaseFormSet, extra=2, max_num=40)
Pools = formset_factory(PoolForm, formset=BaseFormSet, extra=0, max_num=60)


class PlanForms:
    """The three parts of a plan's page as one: valid together, and together the plan's terms."""

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        currency: str,
        accounts: Sequence[tuple[str, str]],
        pools: Sequence[tuple[str, str]],
        title: str = "",
        terms: Mapping[str, Any] | None = None,
    ):
        terms = terms or {}
        self.plan = PlanForm(data, currency=currency, initial=_plan_initial(title, terms))
        self.appropriations = Appropriations(
            data,
            prefix="a",
            initial=[_step_initial(step) for step in terms.get("appropriations", ())],
            form_kwargs={"currency": currency, "accounts": accounts},
        )
        self.pools = Pools(
            data,
            prefix="p",
            initial=_pools_initial(pools, terms),
            form_kwargs={"currency": currency, "pools": pools},
        )

    def is_valid(self) -> bool:
        return all([self.plan.is_valid(), self.appropriations.is_valid(), self.pools.is_valid()])

    @property
    def has_errors(self) -> bool:
        return bool(self.plan.is_bound and not self.is_valid())

    @property
    def title(self) -> str:
        return self.plan.cleaned_data["title"]

    def terms(self) -> dict[str, Any]:
        """The terms a service takes."""
        steps = [form.term() for form in self.appropriations]
        pools = [form.term() for form in self.pools]
        return {
            **self.plan.terms(),
            "appropriations": [step for step in steps if step],
            "pools": [pool for pool in pools if pool],
        }


def _plan_initial(title: str, terms: Mapping[str, Any]) -> dict[str, Any]:
    settlement = terms.get("settlement") or {}
    numbers = [int(number) for number in settlement.get("no_consent", ())]
    return {
        "title": title,
        **terms.get("result", {}),
        **(terms.get("share_interest") or {}),
        **settlement,
        "no_consent": numbers,
    }


def _step_initial(step: Mapping[str, Any]) -> dict[str, Any]:
    return {**step, "size": "amount" if "amount" in step else "percent", **(step.get("until") or {})}


def _pools_initial(pools: Sequence[tuple[str, str]], terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A line for each pool of the year, in the order of the plan's terms; the only one takes all that is left."""
    chosen = {pool["name"]: pool for pool in terms.get("pools", ())}
    known = dict(pools)
    names = [name for name in chosen if name in known] + [name for name in known if name not in chosen]
    lines = []
    for name in names:
        term = chosen.get(name, {})
        size = next((size for size in ("rest", "percent", "amount") if term.get(size) not in (None, "", False)), "")
        if not terms and len(names) == 1:
            size = "rest"
        lines.append({"name": name, "size": size, "percent": term.get("percent"), "amount": term.get("amount")})
    return lines
