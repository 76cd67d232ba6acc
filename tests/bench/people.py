"""The words organisations are made of."""

from typing import Final


def _words(*lines: str) -> tuple[str, ...]:
    return tuple(word for line in lines for word in line.split())


FIRST_NAMES: Final = _words(
    "Anna Ben Carla David Elif Farid Greta Hannes Ines Jörg Kaja Liam Mia Noor Olga Paul Quentin Rosa Sören Tilda",
    "Umut Vera Wim Xenia Yara Zoé Aylin Björn Chloé Dmitri Emma Felix Gina Hugo Ida Jan Klara Lukas Marta Nils",
)
LAST_NAMES: Final = _words(
    "Adler Bauer Costa Dvorak Eriksen Fischer Garcia Hansen Ivanov Jansen Koch Larsen Meyer Novak O'Neill Peeters",
    "Quist Rossi Schäfer Tanaka Ulrich Vogel Weiß Xu Yilmaz Zimmermann Berg Conti Demir Engel Frank Groß Huber",
)
PLACES: Final = _words(
    "aachen bergen como delft evora fulda gent hanau imola jena kiel lund mainz nancy oslo parma rouen siena trier",
    "ulm vigo worms york zug aarau basel celle dole emden fano gera husum ivrea",
)
TRADES: Final = _words(
    "bakery brewery clinic dental design energy farm garage hotel intercom joinery kitchen law market notary optics",
    "paper roofing school travel union vets wine yachts zoo museum energy-lab forest glass harbour",
)
DUTIES: Final = _words(
    "sales info support billing jobs press office orders returns events training service accounts reception abuse",
    "purchasing legal privacy postmaster hostmaster webmaster noreply news alerts backup monitoring reports",
)
