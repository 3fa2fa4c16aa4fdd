"""Text as carriers encode it: alphabets, segments and smart encoding."""
