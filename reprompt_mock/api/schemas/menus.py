"""Menus in results."""

from pydantic import BaseModel, Field


class PriceInfo(BaseModel):
    """A price, or the range from the lowest to the highest."""

    min: str
    max: str = ""


class MenuChoice(BaseModel):
    """One way to order an item, such as a size."""

    name: str | None = None
    prices: PriceInfo | None = None


class MenuItemData(BaseModel):
    """A choice to make about an item."""

    choices: list[MenuChoice] | None = None


class MenuItem(BaseModel):
    """A dish or a drink."""

    name: str
    description: str | None = None
    data: MenuItemData | None = None


class MenuSection(BaseModel):
    """Items under one heading."""

    name: str
    description: str | None = None
    items: list[MenuItem]


class Menu(BaseModel):
    """A menu in sections."""

    name: str = "Menu"
    description: str | None = None
    footnote: str | None = None
    currency: str | None = Field(None, description="The currency of all prices.")
    sections: list[MenuSection]
