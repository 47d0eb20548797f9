"""Tables, diagrams and tabs made from the facts."""
