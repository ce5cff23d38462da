"""Where the example day takes place: street corners of Montréal, with invented businesses on them.

The businesses are made up; the corners are real. Positions are those of the crossings of the two named streets,
facts of OpenStreetMap (© OpenStreetMap contributors, ODbL 1.0), written down to 1e-5 degrees, about one metre. The
postal codes only look right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

E7: Final = 10_000_000

type Windows = tuple[tuple[int, int], ...]
"""Local minutes after midnight at which a place opens and closes."""


@dataclass(frozen=True, slots=True)
class Custom:
    """When a kind of business receives goods, and how long it takes."""

    windows: Windows
    service_s: int


BAR: Final = Custom(windows=((10 * 60, 16 * 60),), service_s=540)
TABLE: Final = Custom(windows=((8 * 60, 11 * 60 + 30), (13 * 60 + 30, 16 * 60 + 30)), service_s=480)
SHOP: Final = Custom(windows=((7 * 60 + 30, 17 * 60),), service_s=420)


@dataclass(frozen=True, slots=True)
class Place:
    """A business at a street corner; degrees are WGS 84."""

    name: str
    street: str
    postal_code: str
    lat: float
    lon: float
    custom: Custom = SHOP

    @property
    def lat_e7(self) -> int:
        """The latitude in 1e-7 degrees."""
        return round(self.lat * E7)

    @property
    def lon_e7(self) -> int:
        """The longitude in 1e-7 degrees."""
        return round(self.lon * E7)


DEPOT: Final = Place("Entrepôt Chabanel", "rue Chabanel Ouest, angle rue Meilleur", "H2N 1E7", 45.53749, -73.65513)

PLACES: Final[tuple[Place, ...]] = (
    Place("Le Verre volé", "rue Rachel Est, angle avenue Papineau", "H2J 2K1", 45.53054, -73.56949, TABLE),
    Place("Le Comptoir Rachel", "rue Rachel Est, angle rue Saint-Hubert", "H2J 2K1", 45.52352, -73.57658, TABLE),
    Place(
        "Bistro Mont-Royal", "rue Saint-Denis, angle avenue du Mont-Royal Est", "H2J 2K1", 45.52396, -73.58292, TABLE
    ),
    Place(
        "Café Fairmount", "boulevard Saint-Laurent, angle avenue Fairmount Est", "H2V 1L9", 45.52390, -73.59469, TABLE
    ),
    Place(
        "Bar Prince-Arthur",
        "boulevard Saint-Laurent, angle rue Prince-Arthur Ouest",
        "H2X 3K8",
        45.51388,
        -73.57251,
        BAR,
    ),
    Place("Dépanneur Brébeuf", "avenue du Mont-Royal Est, angle rue de Brébeuf", "H2J 2K1", 45.52929, -73.57802, SHOP),
    Place("Épicerie Garnier", "avenue Laurier Est, angle rue Garnier", "H2J 2K1", 45.53399, -73.58327, SHOP),
    Place("Le Petit Bernard", "rue Bernard Ouest, angle avenue de l'Esplanade", "H2V 1L9", 45.52495, -73.60437, TABLE),
    Place("Dépanneur Waverly", "rue Saint-Viateur Ouest, angle rue Waverly", "H2V 1L9", 45.52404, -73.60054, SHOP),
    Place("Taverne du Parc", "avenue du Parc, angle avenue Fairmount Ouest", "H2V 1L9", 45.52042, -73.59760, BAR),
    Place("Bar Beaubien", "rue Beaubien Est, angle rue Saint-Denis", "H2S 2M1", 45.53400, -73.60501, BAR),
    Place(
        "Épicerie Christophe-Colomb",
        "rue Beaubien Est, angle avenue Christophe-Colomb",
        "H2V 1L9",
        45.53783,
        -73.60154,
        SHOP,
    ),
    Place("Marché Dominique", "rue Jean-Talon Est, angle rue Saint-Dominique", "H2S 2M1", 45.53519, -73.61739, SHOP),
    Place("Dépanneur De Lorimier", "rue Bélanger, angle avenue De Lorimier", "H2V 1L9", 45.54870, -73.60144, SHOP),
    Place("Resto Masson", "rue Masson, angle 6e Avenue", "H1Y 2X4", 45.54808, -73.57488, TABLE),
    Place("Fruiterie Deuxième", "rue Masson, angle 2e Avenue", "H1Y 2X4", 45.54587, -73.57623, SHOP),
    Place("Dépanneur Rosemont", "boulevard Rosemont, angle 9e Avenue", "H1Y 2X4", 45.55201, -73.58145, SHOP),
    Place("Le Dandurand", "rue Dandurand, angle 10e Avenue", "H1Y 2X4", 45.55126, -73.57667, TABLE),
    Place("Pub Villeray", "rue Villeray, angle rue Saint-Denis", "H2P 1W2", 45.54082, -73.62300, BAR),
    Place("Épicerie Jarry", "rue Jarry Est, angle rue Saint-Hubert", "H2P 1W2", 45.54642, -73.62634, SHOP),
    Place("Dépanneur Papineau-Jarry", "rue Jarry Est, angle avenue Papineau", "H2C 1S7", 45.55322, -73.61903, SHOP),
    Place("Brasserie Fleury", "rue Fleury Est, angle avenue Péloquin", "H2C 1S7", 45.55705, -73.65979, BAR),
    Place("Épicerie Tolhurst", "rue Fleury Ouest, angle rue Tolhurst", "H2P 1W2", 45.54411, -73.66756, SHOP),
    Place("Bar Ontario", "rue Ontario Est, angle rue Saint-Denis", "H2X 3K8", 45.51591, -73.56525, BAR),
    Place("Le Relais De Lorimier", "rue Ontario Est, angle avenue De Lorimier", "H2K 1X6", 45.52807, -73.55738, TABLE),
    Place("Dépanneur Bourbonnière", "rue Ontario Est, angle avenue Bourbonnière", "H1Y 2X4", 45.54798, -73.54298, SHOP),
    Place("Bistro Valois", "rue Ontario Est, angle avenue Valois", "H1Y 2X4", 45.54715, -73.54356, TABLE),
    Place("Le Sous-sol", "rue Sainte-Catherine Est, angle rue Saint-Denis", "H2X 3K8", 45.51374, -73.56047, BAR),
    Place("Bar Panet", "rue Sainte-Catherine Est, angle rue Panet", "H2X 3K8", 45.51993, -73.55480, BAR),
    Place("Pub Crescent", "rue Sainte-Catherine Ouest, angle rue Crescent", "H3B 2E6", 45.49719, -73.57571, BAR),
    Place("Le Bishop", "boulevard De Maisonneuve Ouest, angle rue Bishop", "H3B 2E6", 45.49741, -73.57809, BAR),
    Place("Bar Griffintown", "rue Saint-Jacques, angle rue Peel", "H3B 2E6", 45.49618, -73.56536, BAR),
    Place("Épicerie Vinet", "rue Notre-Dame Ouest, angle rue Vinet", "H3J 1R5", 45.48340, -73.57443, SHOP),
    Place("Marché Charlevoix", "rue Notre-Dame Ouest, angle rue Charlevoix", "H3J 1R5", 45.48265, -73.57568, SHOP),
    Place(
        "Dépanneur Saint-Ferdinand",
        "rue Notre-Dame Ouest, angle rue Saint-Ferdinand",
        "H3J 1R5",
        45.47647,
        -73.58556,
        SHOP,
    ),
    Place("Le Quai Peel", "rue Saint-Antoine Ouest, angle rue Peel", "H3B 2E6", 45.49689, -73.56680, BAR),
    Place("Cantine Bridge", "rue Wellington, angle rue Bridge", "H3J 1R5", 45.48732, -73.55731, TABLE),
    Place("Dépanneur Centre", "rue Centre, angle rue Charlevoix", "H3J 1R5", 45.47846, -73.56937, SHOP),
    Place(
        "Auberge Saint-Gabriel", "rue Saint-Paul Est, angle rue Saint-Gabriel", "H3B 2E6", 45.50621, -73.55333, TABLE
    ),
    Place("Le Carré", "rue Sherbrooke Est, angle rue Saint-Denis", "H2X 3K8", 45.51691, -73.56746, BAR),
    Place(
        "Resto Brillant", "chemin de la Côte-des-Neiges, angle rue Jean-Brillant", "H3T 1P7", 45.49610, -73.62173, TABLE
    ),
    Place(
        "Épicerie Lacombe", "chemin de la Côte-des-Neiges, angle avenue Lacombe", "H3T 1P7", 45.49681, -73.62338, SHOP
    ),
    Place("Café Oxford", "rue Sherbrooke Ouest, angle avenue Oxford", "H3T 1P7", 45.47118, -73.61461, TABLE),
    Place("Épicerie Van Horne", "avenue Van Horne, angle avenue Outremont", "H2S 2M1", 45.52131, -73.61416, SHOP),
    Place("Bistro Bloomfield", "avenue Bernard, angle avenue Bloomfield", "H2S 2M1", 45.52054, -73.60832, TABLE),
    Place("Le De l’Épée", "avenue Laurier Ouest, angle avenue de l'Épée", "H2X 3K8", 45.51691, -73.59818, TABLE),
    Place("Dépanneur Querbes", "avenue Ogilvy, angle avenue Querbes", "H2S 2M1", 45.52906, -73.62528, SHOP),
    Place("Épicerie Saint-Roch", "rue Saint-Roch, angle avenue Bloomfield", "H2S 2M1", 45.52905, -73.62971, SHOP),
    Place("Bar Dominique", "rue Saint-Zotique Est, angle rue Saint-Dominique", "H2S 2M1", 45.53246, -73.61137, BAR),
    Place(
        "Resto Saint-Zotique", "rue Saint-Hubert, angle rue Saint-Zotique Est", "H2S 2M1", 45.53770, -73.60654, TABLE
    ),
    Place(
        "Café Saint-Laurent", "boulevard Saint-Laurent, angle rue Beaubien Est", "H2S 2M1", 45.53021, -73.60851, TABLE
    ),
    Place("Dépanneur Bennett", "rue Sainte-Catherine Est, angle avenue Bennett", "H1W 2B4", 45.55309, -73.53254, SHOP),
    Place(
        "Taverne Desjardins", "rue Sainte-Catherine Est, angle avenue Desjardins", "H1Y 2X4", 45.54927, -73.53501, BAR
    ),
    Place("Épicerie Viau", "rue Hochelaga, angle rue Viau", "H1W 2B4", 45.56146, -73.54238, SHOP),
    Place("Bar Pie-IX", "rue Beaubien Est, angle boulevard Pie-IX", "H2C 1S7", 45.56249, -73.57977, BAR),
    Place("Dépanneur Bélanger", "rue Bélanger, angle boulevard Saint-Michel", "H2C 1S7", 45.55742, -73.59392, SHOP),
    Place("Resto Saint-Michel", "boulevard Saint-Michel, angle rue Jarry Est", "H2C 1S7", 45.56374, -73.60960, TABLE),
    Place("Marché Sauvé", "avenue Papineau, angle rue Sauvé Est", "H2C 1S7", 45.56576, -73.64755, SHOP),
    Place("Auberge Lajeunesse", "boulevard Gouin Est, angle rue Lajeunesse", "H2C 1S7", 45.55645, -73.67066, TABLE),
    Place(
        "Casse-croûte Crémazie", "boulevard Crémazie Est, angle rue Saint-Hubert", "H2P 1W2", 45.54902, -73.63474, TABLE
    ),
    Place("Le Gauthier", "avenue De Lorimier, angle rue Gauthier", "H2J 2K1", 45.53180, -73.56528, TABLE),
    Place("Bar Atateken", "rue Atateken, angle rue Ontario Est", "H2K 1X6", 45.52016, -73.56294, BAR),
    Place("Bistro Castelnau", "rue de Castelnau Est, angle avenue De Gaspé", "H2S 2M1", 45.53728, -73.61842, TABLE),
    Place("Le Gilford", "rue Gilford, angle rue Saint-Denis", "H2J 2K1", 45.52519, -73.58561, TABLE),
    Place("Café Roy", "rue Roy Est, angle rue Saint-Hubert", "H2J 2K1", 45.52099, -73.57100, TABLE),
    Place(
        "Épicerie Saint-Joseph",
        "avenue Papineau, angle boulevard Saint-Joseph Est",
        "H2J 2K1",
        45.53518,
        -73.57946,
        SHOP,
    ),
)

CITY: Final = "Montréal"
