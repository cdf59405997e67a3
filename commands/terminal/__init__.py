"""The prompt, and what is kept from one sitting to the next."""
