"""Everyday things that fall, by their names in records."""

from __future__ import annotations

from edgecv.messages.message import declare

NAMES = (
    declare("thing.cigarette_end", "cigarette end"),
    declare("thing.paper", "paper"),
    declare("thing.plastic_bag", "plastic bag"),
    declare("thing.empty_bottle", "empty bottle, can or cup"),
    declare("thing.clothing", "clothing"),
    declare("thing.shoe", "shoe"),
    declare("thing.food_box", "box of food"),
    declare("thing.rubbish_bag", "bag of rubbish"),
    declare("thing.fruit", "fruit"),
    declare("thing.egg", "egg"),
    declare("thing.battery", "battery"),
    declare("thing.full_bottle", "full bottle or can"),
    declare("thing.glass", "piece of glass"),
    declare("thing.stone", "stone or piece of masonry"),
    declare("thing.brick", "brick"),
    declare("thing.flower_pot", "flower pot"),
    declare("thing.metal", "metal part or tool"),
    declare("thing.something_else", "something else"),
)
"""A record's ``name`` is the word for programs; the console translates it as it is."""
