"""Hands the rules to Portent, by the contract of wit/portent.wit."""

from componentize_py_types import Err
from rules import BASE_RISK, FEATURES, Refused, assess
from wit_world.exports import Scorer as Contract
from wit_world.exports.scorer import (
    Batch,
    Description,
    Feature,
    FeatureKind,
    MissingPolicy_Impute,
    MissingPolicy_Reject,
    ScoreError_Row,
    Scores,
)


class Scorer(Contract):
    def describe(self) -> Description:
        return Description(
            name="hvs_rules_python",
            version="0.1.0",
            model_type="RuleList",
            features=[described(feature) for feature in FEATURES],
            classes=["Normal", "Hazardous"],
            positive_class=1,
            threshold=0.5,
            explains=True,
        )

    def score(self, rows: Batch) -> Scores:
        values, contributions = [], []
        width = len(FEATURES)
        for index in range(len(rows.values) // width):
            try:
                risk, because_of = assess(*rows.values[index * width : (index + 1) * width])
            except Refused as reason:
                raise Err(ScoreError_Row((index, str(reason))))
            values += [1.0 - risk, risk]
            if rows.explain:
                contributions += [risk - BASE_RISK if feature == because_of else 0.0 for feature in range(width)]
        return Scores(values, contributions)


def described(feature) -> Feature:
    missing = MissingPolicy_Reject() if feature.otherwise is None else MissingPolicy_Impute(feature.otherwise)
    return Feature(feature.name, feature.unit, FeatureKind.NUMBER, feature.least, feature.greatest, [], missing)
