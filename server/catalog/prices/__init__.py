"""What a client pays: base prices, price lists, discounts and promotions, and the steps that explain each price."""
