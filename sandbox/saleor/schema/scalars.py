"""Scalars, with Saleor's way of reading and writing them."""

from __future__ import annotations

import decimal
from typing import Any

import graphene
from graphene.types.generic import GenericScalar
from graphql import GraphQLError, Undefined
from graphql.language import ast

from sandbox.saleor.sdl import TYPES

WEIGHT_IN_KG = {"KG": 1.0, "G": 0.001, "LB": 0.45359237, "OZ": 0.028349523125, "TONNE": 1000.0}


class Decimal(graphene.Float):
    """Read exactly, write as a JSON number."""

    @staticmethod
    def parse_value(value: Any) -> Any:
        try:
            number = decimal.Decimal(str(value))
        except decimal.DecimalException as error:
            raise GraphQLError(f"Expected a decimal number, got {value!r}.") from error
        if not number.is_finite():
            raise GraphQLError("Expected a finite decimal number.")
        return number

    @staticmethod
    def parse_literal(node: Any, _variables: Any = None) -> Any:
        if isinstance(node, ast.FloatValueNode | ast.IntValueNode | ast.StringValueNode):
            return Decimal.parse_value(node.value)
        return Undefined


class PositiveDecimal(Decimal):
    """As Decimal, and never below zero."""

    @staticmethod
    def parse_value(value: Any) -> Any:
        number = Decimal.parse_value(value)
        if number < 0:
            raise GraphQLError(f"Value cannot be lower than 0. Got: {value}")
        return number

    @staticmethod
    def parse_literal(node: Any, _variables: Any = None) -> Any:
        if isinstance(node, ast.FloatValueNode | ast.IntValueNode | ast.StringValueNode):
            return PositiveDecimal.parse_value(node.value)
        return Undefined


class PositiveInt(graphene.Int):
    """A whole number above zero."""

    @staticmethod
    def parse_value(value: Any) -> Any:
        number = graphene.Int.coerce_int(value)
        if number is None or number <= 0:
            raise GraphQLError(f"Expected a positive whole number, got {value!r}.")
        return number

    @staticmethod
    def parse_literal(node: Any, _variables: Any = None) -> Any:
        return PositiveInt.parse_value(int(node.value)) if isinstance(node, ast.IntValueNode) else Undefined


class Minute(graphene.Int):
    """A span in minutes."""


class Hour(graphene.Int):
    """A span in hours."""


class Day(graphene.Int):
    """A span in days."""


class JSON(GenericScalar):
    """Any JSON value, passed through."""


class WeightScalar(graphene.Scalar):
    """A weight in the shop's unit (a number), or `{value, unit}`; kept in kilograms."""

    @staticmethod
    def parse_value(value: Any) -> float:
        if isinstance(value, dict):
            unit = str(value.get("unit", "KG")).upper()
            if unit not in WEIGHT_IN_KG:
                raise GraphQLError(f"Unsupported weight unit: {unit}.")
            return float(value["value"]) * WEIGHT_IN_KG[unit]
        number = float(value)
        if number < 0:
            raise GraphQLError("Weight cannot be negative.")
        return number

    @staticmethod
    def parse_literal(node: Any, _variables: Any = None) -> Any:
        if isinstance(node, ast.ObjectValueNode):
            return WeightScalar.parse_value(
                {f.name.value: getattr(f.value, "value", None) for f in node.fields}
            )
        if isinstance(node, ast.FloatValueNode | ast.IntValueNode):
            return WeightScalar.parse_value(node.value)
        return Undefined

    @staticmethod
    def serialize(value: Any) -> Any:
        return value


class Upload(graphene.Scalar):
    """A file of a multipart request, already put into the variables by the view."""

    @staticmethod
    def parse_value(value: Any) -> Any:
        return value

    @staticmethod
    def serialize(value: Any) -> Any:
        return value


for scalar in (Decimal, PositiveDecimal, PositiveInt, Minute, Hour, Day, JSON, WeightScalar, Upload):
    TYPES[scalar.__name__] = scalar
TYPES |= {
    "GenericScalar": GenericScalar,
    "DateTime": graphene.DateTime,
    "Date": graphene.Date,
    "UUID": graphene.UUID,
    "JSONString": graphene.JSONString,
}
