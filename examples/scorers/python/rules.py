"""The rules: the same as those of examples/scorers/rules, for batteries that run away."""

from typing import NamedTuple, Optional


class Feature(NamedTuple):
    """A value of a reading."""

    name: str
    unit: str
    least: float
    greatest: float
    # Value that replaces a missing one; without it, the reading cannot be assessed.
    otherwise: Optional[float]


# The values of a reading, in the order of a row.
FEATURES = [
    Feature("Module_Max_Surface_Temp_C", "°C", -40.0, 1000.0, None),
    Feature("Module_Avg_Surface_Temp_C", "°C", -40.0, 1000.0, None),
    Feature("Ambient_Temp_Rack_C", "°C", -40.0, 120.0, 25.0),
    Feature("Sim_OffGas_CO_ppm_proxy", "ppm", 0.0, 1e6, 0.0),
    Feature("Sim_OffGas_H2_ppm_proxy", "ppm", 0.0, 1e6, 0.0),
    Feature("Sim_OffGas_VOC_ppm_proxy", "ppm", 0.0, 1e6, 0.0),
]

# Risk of a module if no rule holds.
BASE_RISK = 0.02


class Refused(Exception):
    """A reading that cannot be one of a module."""


def assess(hottest, average, ambient, carbon_monoxide, hydrogen, solvents):
    """The risk of a module, and the index of the feature that it is because of.

    Of the rules that hold, the one with the greatest risk decides; the first of equal ones.
    """
    if average > hottest:
        raise Refused("the average temperature is above the highest one")
    rules = [
        (hottest >= 64.0, 0.95, 0),
        (hottest - average >= 12.0, 0.8, 0),
        (average - ambient >= 25.0, 0.6, 1),
        (carbon_monoxide >= 30.0 and hydrogen >= 20.0, 0.9, 3),
        (hydrogen >= 40.0 and solvents >= 40.0, 0.85, 4),
        (solvents >= 60.0, 0.4, 5),
    ]
    risk, because_of = BASE_RISK, None
    for holds, of_rule, feature in rules:
        if holds and of_rule > risk:
            risk, because_of = of_rule, feature
    return risk, because_of
