"""The invented people of Riverside Food Co-op. Any likeness is chance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """Somebody of the demo. ``shares`` wanted, ``paid`` of them in per cent, ``spent`` last year in cents."""

    given: str
    family: str
    shares: int
    paid: int
    spent: int
    street: str = "Mill Lane"
    firm: str = ""

    @property
    def name(self) -> str:
        return self.firm or f"{self.given} {self.family}"

    @property
    def email(self) -> str:
        return f"{self.given}@riverside.example".lower()


# In the order they joined. The first five hold offices; see story.OFFICES.
MEMBERS = (
    Person("Mei", "Lindqvist", 6, 100, 184_320),
    Person("Jonas", "Weber", 10, 100, 241_875),
    Person("Lena", "Hoffmann", 6, 100, 152_040),
    Person("Samir", "Haddad", 6, 100, 98_415),
    Person("Amara", "Okafor", 6, 100, 231_840),
    Person("Yusuf", "Bakr", 5, 100, 310_265),
    Person("Elsa", "Nyström", 5, 100, 87_950),
    Person("Dele", "Fashola", 5, 100, 143_210),
    Person("Gita", "Mohan", 5, 100, 176_500),
    Person("Hanna", "Krol", 5, 100, 65_480),
    Person("Corrigan", "Sullivan", 10, 100, 402_130, firm="Corrigan & Daughters Ltd"),
    Person("Ivo", "Santini", 20, 100, 54_095),
    Person("Marta", "Oliveira", 5, 100, 129_945),
    Person("Tomasz", "Zielinski", 5, 100, 208_760),
    Person("Ines", "Ferreira", 5, 100, 91_035),
    Person("Kofi", "Mensah", 6, 100, 167_720),
    Person("Ayşe", "Yıldız", 5, 100, 112_585),
    Person("Lars", "Holmberg", 5, 100, 79_340),
    Person("Chiara", "Bellini", 5, 100, 154_675),
    Person("Noah", "Abrams", 5, 100, 48_210),
    Person("Farida", "Rahmani", 5, 100, 193_850),
    Person("Piotr", "Nowak", 5, 100, 137_490),
    Person("Sigrid", "Aasen", 6, 100, 220_115),
    Person("Diego", "Marín", 5, 100, 84_765),
    Person("Olena", "Kovalenko", 5, 100, 119_380),
    Person("Bram", "de Vries", 5, 100, 72_945),
    Person("Zoë", "Papadakis", 5, 100, 146_020),
    Person("Hugo", "Lefèvre", 10, 100, 188_655),
    Person("Rania", "Saleh", 5, 100, 101_240),
    Person("Milan", "Horvat", 5, 100, 58_905),
    Person("Astrid", "Bergman", 5, 100, 163_375),
    Person("Tariq", "Siddiqui", 5, 100, 94_580),
    Person("Beatriz", "Castro", 5, 100, 127_115),
    Person("Finn", "Gallagher", 5, 100, 69_830),
    Person("Leila", "Haidari", 5, 100, 155_460),
    Person("Oskar", "Lindgren", 5, 100, 0),
    Person("Priya", "Nair", 5, 90, 83_695),
    Person("Stefan", "Brandt", 5, 70, 110_050),
)
# Joined after the record date: members, but not on the roll.
LATE = (Person("Wanjiru", "Kamau", 5, 100, 12_350), Person("Emil", "Sørensen", 5, 20, 8_745))
# Waiting for the board.
WAITING = (
    Person("Paula", "Reyes", 5, 0, 0),
    Person("Kenji", "Watanabe", 6, 0, 0),
    Person("Anouk", "Dubois", 5, 0, 0),
    Person("Elsa", "Nystrom", 5, 0, 0),  # a second Elsa, or the same one: the secretary is shown both
)
REFUSED = Person("Victor", "Kraal", 5, 0, 0)
CANDIDATES = ("Gita Mohan", "Kofi Mensah", "Sigrid Aasen", "Diego Marín", "Zoë Papadakis")
