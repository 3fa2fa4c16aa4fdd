"""Texts as carriers see them: alphabets, segments and smart encoding."""
